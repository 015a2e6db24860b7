-- A run of a simulation is of one content: an edited scenario of the same name is not written into it.
-- depends: 0009-truth

ALTER TABLE truth.run ADD COLUMN content text NOT NULL DEFAULT ''; -- digest of the scenario; '' of runs from before it was kept
