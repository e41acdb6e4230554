// Symbol visibility of the shared library.
#pragma once

/// Marks what belongs to the installed API. The library is compiled with hidden visibility, so everything else
/// stays inside it.
#define METER_EXPORT __attribute__((visibility("default")))

/// Keeps a part of an exported class, such as its Impl, inside.
#define METER_LOCAL __attribute__((visibility("hidden")))
