// SPDX-License-Identifier: MIT
#include "dynamicpo/workspace.hpp"

#include <atomic>
#include <cstdlib>
#include <new>
#include <vector>

#include "dynamicpo/dynamicpo.hpp"
#include "support/catch.hpp"
#include "support/rows.hpp"

namespace po = dynamicpo;

namespace {

std::atomic<long> allocations{0};

template <class Call>
long allocations_of(const Call& call) {
  const long before = allocations;
  call();
  return allocations - before;
}

}  // namespace

// Counts the allocations of the whole test program.
void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  ++allocations;
  return std::malloc(size == 0 ? 1 : size);
}
void* operator new(std::size_t size) {
  if (void* memory = operator new(size, std::nothrow)) { return memory; }
  throw std::bad_alloc{};
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

TEMPLATE_TEST_CASE("a workspace that has seen a batch makes later calls free of allocation", "", float, double) {
  for (const bool ragged : {false, true}) {
    const auto batch = test_support::random_batch<TestType>(3, 700, 20, ragged);
    const auto policy = batch.policy.view(), reference = batch.reference.view();
    auto gradient = test_support::table_like(policy, TestType(0));
    std::vector<po::compute_of<TestType>> row_loss(700), beta(static_cast<std::size_t>(policy.flat(700)));
    std::vector<std::int64_t> offsets(701);
    std::vector<std::int32_t> slots(beta.size());
    po::workspace<TestType> workspace;
    double loss = 0;
    const auto calls = [&] {
      loss = static_cast<double>(
          po::loss_and_gradient(
              po::exec::seq, po::dynamic(po::objective::sdpo), policy, reference,
              {.gradient = gradient.view(), .row_loss = row_loss, .effective_beta = beta, .workspace = &workspace},
              po::with_instruments)
              .loss);
      po::select_negatives(po::exec::seq, po::select::boundary{}, policy,
                           {.offsets = offsets, .slots = slots, .workspace = &workspace});
    };
    REQUIRE(allocations_of(calls) > 0);
    const double first = loss;
    REQUIRE(allocations_of(calls) == 0);
    REQUIRE(test_support::same_bits(loss, first));
    // A smaller batch fits, and its result does not depend on what is left over.
    const auto part = [&](po::workspace<TestType>* used) {
      return po::loss(po::exec::seq, po::dynamic(po::objective::sdpo), policy.slice(5, 90), reference.slice(5, 90),
                      {.workspace = used})
          .loss;
    };
    REQUIRE(allocations_of([&] { part(&workspace); }) == 0);
    REQUIRE(test_support::same_bits(part(&workspace), part(nullptr)));
  }
}

TEST_CASE("reserving ahead keeps the first call free of allocation") {
  const auto batch = test_support::random_batch<double>(3, 100, 12);
  po::workspace<double> workspace;
  workspace.reserve(1, 12, 4);
  REQUIRE(allocations_of([&] {
            po::loss(po::exec::seq, po::dynamic(po::objective::dmpo), batch.policy.view(), batch.reference.view(),
                     {.workspace = &workspace});
          }) == 0);
}

TEST_CASE("a workspace grows to long rows and never shrinks") {
  po::workspace<float> workspace;
  workspace.reserve(2, 300, 3);
  workspace.reserve(1, 10, 1);
  REQUIRE(workspace.lane(1).score.size() == 301);
  REQUIRE(workspace.lane(1).prefix.size() == 301);
  workspace.total(2).loss = 1;
  REQUIRE(workspace.total(2).loss == 1.0);
  REQUIRE(allocations_of([&] { workspace.reserve(2, 300, 3); }) == 0);
}

TEST_CASE("one workspace under ever more lanes, negatives and rows") {
  po::workspace<double> work;
  const auto dynamic = po::dynamic(po::objective::dmpo);
  for (const po::index rows : {1, 700, 30, 2000}) {
    for (const po::index negatives : {1, 300, 5}) {
      for (const unsigned threads : {1u, 3u, 2u}) {
        const auto scores = test_support::random_batch<double>(3, rows, negatives);
        const auto fresh = po::loss(po::exec::seq, dynamic, scores.policy.view(), scores.reference.view());
        const auto reused = po::loss(po::exec::threads{threads}, dynamic, scores.policy.view(), scores.reference.view(),
                                     {.workspace = &work});
        REQUIRE(test_support::same_bits(fresh.loss, reused.loss));
      }
    }
  }
}
