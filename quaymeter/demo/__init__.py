"""A whole port on one machine: database, broker, gateway, worker, API and a source of signals as child processes."""
