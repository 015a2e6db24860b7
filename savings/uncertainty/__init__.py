"""How sure a saving is: several methods side by side, and the one whose interval truly covers."""
