// SPDX-License-Identifier: MIT
#include "allocation/counted_new.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <new>
#include <vector>

#include "support/catch.hpp"

namespace counted_new {

std::atomic<long> allocations{0}, live_bytes{0}, peak_bytes{0};

namespace {

/// The size asked for stands before the memory: what malloc rounds it up to depends on what was freed earlier.
constexpr std::size_t room_before(std::size_t alignment) { return std::max(alignment, alignof(std::max_align_t)); }

void* take(std::size_t size, std::size_t alignment) noexcept {
  ++allocations;
  const std::size_t before = room_before(alignment);
  auto* const block =
      static_cast<std::byte*>(std::aligned_alloc(before, (before + size + before - 1) / before * before));
  if (block == nullptr) { return nullptr; }
  std::byte* const memory = block + before;
  std::memcpy(memory - sizeof size, &size, sizeof size);
  const long live = live_bytes += static_cast<long>(size);
  for (long peak = peak_bytes; peak < live && !peak_bytes.compare_exchange_weak(peak, live);) {}
  return memory;
}
void* take_or_throw(std::size_t size, std::size_t alignment) {
  void* const memory = take(size, alignment);
  if (memory == nullptr) { throw std::bad_alloc(); }
  return memory;
}
void give(void* memory, std::size_t alignment) noexcept {
  if (memory == nullptr) { return; }
  auto* const start = static_cast<std::byte*>(memory);
  std::size_t size = 0;
  std::memcpy(&size, start - sizeof size, sizeof size);
  live_bytes -= static_cast<long>(size);
  std::free(start - room_before(alignment));
}

constexpr std::size_t plain = alignof(std::max_align_t);

}  // namespace
}  // namespace counted_new

using counted_new::give, counted_new::plain, counted_new::take, counted_new::take_or_throw;

[[gnu::noinline]] void* operator new(std::size_t size) { return take_or_throw(size, plain); }
[[gnu::noinline]] void* operator new(std::size_t size, std::align_val_t alignment) {
  return take_or_throw(size, static_cast<std::size_t>(alignment));
}
[[gnu::noinline]] void* operator new(std::size_t size, const std::nothrow_t&) noexcept { return take(size, plain); }
[[gnu::noinline]] void* operator new(std::size_t size, std::align_val_t alignment, const std::nothrow_t&) noexcept {
  return take(size, static_cast<std::size_t>(alignment));
}
[[gnu::noinline]] void operator delete(void* memory) noexcept { give(memory, plain); }
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept { give(memory, plain); }
[[gnu::noinline]] void operator delete(void* memory, std::align_val_t alignment) noexcept {
  give(memory, static_cast<std::size_t>(alignment));
}
[[gnu::noinline]] void operator delete(void* memory, std::size_t, std::align_val_t alignment) noexcept {
  give(memory, static_cast<std::size_t>(alignment));
}

TEST_CASE("what is allocated is counted, and what is given back") {
  const long before = counted_new::allocations, live = counted_new::live_bytes;
  const long extra = counted_new::extra_bytes([] {
    for (int i = 0; i < 3; ++i) { const std::vector<double> each(100'000); }
  });
  REQUIRE(counted_new::allocations == before + 3);
  REQUIRE(counted_new::live_bytes == live);
  REQUIRE(extra == 800'000);
}
