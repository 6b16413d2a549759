// SPDX-License-Identifier: MIT
#include "dynamicpo/workspace.hpp"

#include <atomic>
#include <cstdlib>
#include <new>
#include <vector>

#include "dynamicpo/dynamicpo.hpp"
#include "support/catch.hpp"
#include "support/rows.hpp"

namespace {
std::atomic<long> allocations{0};
}  // namespace

void* operator new(std::size_t size) {
  ++allocations;
  if (void* const memory = std::malloc(size == 0 ? 1 : size)) { return memory; }
  throw std::bad_alloc{};
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

using namespace test_support;

namespace {

template <class Call>
long allocations_of(const Call& call) {
  const long before = allocations;
  call();
  return allocations - before;
}

}  // namespace

TEMPLATE_TEST_CASE("a workspace that has seen rows this long: calls allocate nothing", "", float, double) {
  const batch<TestType> small = random_batch<TestType>(1, 200, 9, true), large = random_batch<TestType>(2, 300, 400);
  table<TestType> gradient = table_like(large.policy.view(), TestType(0));
  table<TestType> small_gradient = table_like(small.policy.view(), TestType(0));
  std::vector<TestType> row_loss(300);
  std::vector<std::int64_t> offsets(301);
  std::vector<std::int32_t> slots(300 * 400);
  po::workspace<TestType> work;
  const auto run = [&](const batch<TestType>& rows, table<TestType>& into) {
    const po::outputs<TestType> out{.gradient = into.view(), .row_loss = row_loss, .workspace = &work};
    po::loss_and_gradient(po::exec::seq, po::dynamic(po::objective::sdpo), rows.policy.view(), rows.reference.view(),
                          out, po::with_instruments);
    po::select_negatives(po::exec::seq, po::select::top_k{.count = 3}, rows.policy.view(),
                         {.offsets = offsets, .slots = slots, .workspace = &work});
  };
  REQUIRE(allocations_of([&] { run(large, gradient); }) > 0);
  REQUIRE(allocations_of([&] { run(large, gradient); }) == 0);
  REQUIRE(allocations_of([&] { run(small, small_gradient); }) == 0);

  po::workspace<TestType> ahead;
  ahead.reserve(1, 400, 300);
  REQUIRE(allocations_of([&] {
            po::loss(po::exec::seq, po::vanilla(po::objective::dmpo), large.policy.view(), large.reference.view(),
                     {.workspace = &ahead});
          }) == 0);
}

TEST_CASE("one workspace under ever more lanes, negatives and rows") {
  po::workspace<double> work;
  const auto dynamic = po::dynamic(po::objective::dmpo);
  for (const po::index rows : {1, 700, 30, 2000}) {
    for (const po::index negatives : {1, 300, 5}) {
      for (const unsigned threads : {1u, 3u, 2u}) {
        const batch<double> scores = random_batch<double>(3, rows, negatives);
        const auto fresh = po::loss(po::exec::seq, dynamic, scores.policy.view(), scores.reference.view());
        const auto reused = po::loss(po::exec::threads{threads}, dynamic, scores.policy.view(), scores.reference.view(),
                                     {.workspace = &work});
        REQUIRE(same_bits(fresh.loss, reused.loss));
      }
    }
  }
}
