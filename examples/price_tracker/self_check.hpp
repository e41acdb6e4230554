#pragma once

/// Tracks a shop on loopback, with a clock of its own, through everything a shop does. 0: all was told, and only that.
int self_check();
