"""How many environments there may be, and how many there are before anybody asks."""
