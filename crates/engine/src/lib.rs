//! What a run is and which changes are legal. Pure: no clock, no IO, no async, no randomness.
