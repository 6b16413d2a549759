// SPDX-License-Identifier: MIT
#include "allocation/counted_new.hpp"

#include <malloc.h>

#include <cstddef>
#include <cstdlib>
#include <new>
#include <vector>

#include "support/catch.hpp"

namespace counted_new {

std::atomic<long> allocations{0}, live_bytes{0}, peak_bytes{0};

namespace {

void* take(std::size_t size, std::size_t alignment) noexcept {
  ++allocations;
  void* const memory = std::aligned_alloc(alignment, (size + alignment) / alignment * alignment);
  const long bytes = memory == nullptr ? 0 : static_cast<long>(malloc_usable_size(memory));
  const long live = live_bytes += bytes;
  for (long peak = peak_bytes; peak < live && !peak_bytes.compare_exchange_weak(peak, live);) {}
  return memory;
}
void* take_or_throw(std::size_t size, std::size_t alignment) {
  void* const memory = take(size, alignment);
  if (memory == nullptr) { throw std::bad_alloc(); }
  return memory;
}
void give(void* memory) noexcept {
  live_bytes -= memory == nullptr ? 0 : static_cast<long>(malloc_usable_size(memory));
  std::free(memory);
}

}  // namespace
}  // namespace counted_new

[[gnu::noinline]] void* operator new(std::size_t size) {
  return counted_new::take_or_throw(size, alignof(std::max_align_t));
}
[[gnu::noinline]] void* operator new(std::size_t size, std::align_val_t alignment) {
  return counted_new::take_or_throw(size, static_cast<std::size_t>(alignment));
}
[[gnu::noinline]] void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  return counted_new::take(size, alignof(std::max_align_t));
}
[[gnu::noinline]] void operator delete(void* memory) noexcept { counted_new::give(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept { counted_new::give(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::align_val_t) noexcept { counted_new::give(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::size_t, std::align_val_t) noexcept {
  counted_new::give(memory);
}

TEST_CASE("what is allocated is counted, and what is given back") {
  const long before = counted_new::allocations, live = counted_new::live_bytes;
  const long extra = counted_new::extra_bytes([] {
    for (int i = 0; i < 3; ++i) { const std::vector<double> each(100'000); }
  });
  REQUIRE(counted_new::allocations == before + 3);
  REQUIRE(counted_new::live_bytes == live);
  REQUIRE((extra >= 800'000 && extra < 900'000));
}
