// SPDX-License-Identifier: MIT
// Calls that are given a workspace allocate nothing once it has seen such rows. This program counts allocations.
#include <atomic>
#include <cstdlib>
#include <new>
#include <vector>

#include "support/catch.hpp"
#include "support/rows.hpp"

namespace {

std::atomic<long> allocations{0};

void* counted(std::size_t size, std::size_t alignment) {
  ++allocations;
  void* const memory = std::aligned_alloc(alignment, (size + alignment - 1) / alignment * alignment);
  if (memory == nullptr) { throw std::bad_alloc(); }
  return memory;
}

}  // namespace

[[gnu::noinline]] void* operator new(std::size_t size) {
  return counted(size == 0 ? 1 : size, alignof(std::max_align_t));
}
[[gnu::noinline]] void* operator new(std::size_t size, std::align_val_t alignment) {
  return counted(size == 0 ? 1 : size, static_cast<std::size_t>(alignment));
}
[[gnu::noinline]] void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  return counted(size == 0 ? 1 : size, alignof(std::max_align_t));
}
[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::align_val_t) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::size_t, std::align_val_t) noexcept { std::free(memory); }

TEST_CASE("a call with a workspace that has seen such rows allocates nothing") {
  using namespace test_support;
  const auto pipeline = po::dynamic(po::objective::sdpo);
  for (const bool ragged : {false, true}) {
    for (const po::index negatives : {1, 15, 64, 300, 2000}) {
      const auto rows = random_batch<float>(3, 70, negatives, ragged);
      const auto policy = rows.policy.view(), reference = rows.reference.view();
      auto gradient = table_like(policy, 0.0f);
      std::vector<float> row_loss(70);
      po::workspace<float> workspace;
      const po::outputs<float> out{.gradient = gradient.view(), .row_loss = row_loss, .workspace = &workspace};
      std::vector<std::int64_t> offsets(71);
      std::vector<std::int32_t> slots(rows.policy.rejected.size());
      const po::selection_outputs<float> selected{.offsets = offsets, .slots = slots, .workspace = &workspace};

      const long before = allocations;
      po::loss_and_gradient(po::exec::seq, pipeline, policy, reference, out);
      const long first = allocations;
      REQUIRE(first > before);
      po::loss_and_gradient(po::exec::seq, pipeline, policy, reference, out);
      po::select_negatives(po::exec::seq, po::select::boundary{}, policy, selected);
      const long second = allocations;
      CAPTURE(ragged, negatives);
      REQUIRE(second == first);
    }
  }
}
