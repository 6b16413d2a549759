// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>

/// What every `new` of this program adds up.
namespace counted_new {

extern std::atomic<long> allocations, live_bytes, peak_bytes;

/// The most bytes that were live at once during work(), beyond those before it.
template <class Work>
long extra_bytes(const Work& work) {
  const long before = live_bytes;
  peak_bytes = before;
  work();
  return peak_bytes - before;
}

}  // namespace counted_new
