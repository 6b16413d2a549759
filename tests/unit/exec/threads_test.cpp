// SPDX-License-Identifier: MIT
#include "dynamicpo/exec/threads.hpp"

#include <algorithm>
#include <atomic>
#include <stdexcept>
#include <thread>
#include <vector>

#include "dynamicpo/dynamicpo.hpp"
#include "support/catch.hpp"
#include "support/rows.hpp"

namespace po = dynamicpo;

namespace {

/// A selection that breaks its promise not to throw, at one row.
struct throws_at {
  po::index row = 0;
  template <class T>
  po::selection_rule operator()(const po::select::row_scores<T>& at, std::span<std::uint8_t> selected,
                                po::select::scratch<T>& scratch) const {
    if (at.row == row) { throw std::runtime_error("selection failed at row " + std::to_string(row)); }
    return po::select::all{}(at, selected, scratch);
  }
};

}  // namespace

TEST_CASE("exec::threads runs every block once, no two at a time on one lane", "[threads]") {
  for (const unsigned count : {1u, 2u, 7u}) {
    const po::exec::threads threads{count};
    constexpr po::index blocks = 200;
    const auto lanes = static_cast<std::size_t>(threads.lanes(blocks));
    REQUIRE(lanes == count);
    std::vector<std::atomic<int>> runs(blocks), busy(lanes);
    std::atomic<int> collisions{0};
    threads.for_each_block(blocks, [&](po::index block, po::index lane) {
      if (busy[static_cast<std::size_t>(lane)]++ != 0) { ++collisions; }
      ++runs[static_cast<std::size_t>(block)];
      std::this_thread::yield();
      --busy[static_cast<std::size_t>(lane)];
    });
    REQUIRE(collisions == 0);
    for (const auto& run : runs) { REQUIRE(run == 1); }
  }
}

TEST_CASE("exec::threads uses no more lanes than blocks, and at least one") {
  REQUIRE(po::exec::threads{7}.lanes(3) == 3);
  REQUIRE(po::exec::threads{7}.lanes(0) == 1);
  REQUIRE(po::exec::threads{}.lanes(1) == 1);
  REQUIRE(po::exec::threads{}.lanes(1000000) == std::max<po::index>(1, std::thread::hardware_concurrency()));
}

TEST_CASE("exec::threads left to itself starts no thread for less than is worth one") {
  constexpr po::index least = po::exec::threads::worth_a_thread;
  REQUIRE(po::exec::threads{}.lanes(2 * least - 1) == 1);
  REQUIRE(po::exec::threads{}.lanes(2 * least) == std::min<po::index>(2, po::exec::threads{}.lanes(1000000)));
}

TEST_CASE("exec::threads keeps a single block on the calling thread", "[threads]") {
  std::thread::id ran_on;
  po::exec::threads{4}.for_each_block(1, [&](po::index, po::index) { ran_on = std::this_thread::get_id(); });
  REQUIRE(ran_on == std::this_thread::get_id());
}

TEMPLATE_TEST_CASE("exec::threads gives the bits of seq on any number of threads", "[threads]", float, double) {
  for (const bool ragged : {false, true}) {
    const auto batch = test_support::random_batch<TestType>(21, 1500, 15, ragged);
    test_support::for_each_objective([&](const char* name, const auto& objective) {
      CAPTURE(name, ragged);
      const auto run = [&](const auto& exec) {
        return test_support::evaluate(po::dynamic(objective), batch.policy.view(), batch.reference.view(),
                                      {.reduction = po::reduction::mean}, exec);
      };
      const auto expected = run(po::exec::seq);
      for (const unsigned count : {1u, 2u, 7u}) {
        REQUIRE(test_support::same_bits(run(po::exec::threads{count}), expected));
      }
    });
  }
}

TEST_CASE("exec::threads rethrows the exception of a block and stops the rest", "[threads]") {
  std::atomic<int> runs{0};
  REQUIRE_THROWS_WITH(po::exec::threads{2}.for_each_block(1000000,
                                                          [&](po::index, po::index) {
                                                            ++runs;
                                                            throw std::runtime_error("failed");
                                                          }),
                      "failed");
  REQUIRE(runs >= 1);
  REQUIRE(runs <= 2);
}

TEST_CASE("an exception inside a call reaches the caller of loss and select_negatives", "[threads]") {
  const auto batch = test_support::random_batch<double>(4, 2000, 4);
  const po::pipeline pipeline{throws_at{1234}, po::beta::fixed{}, po::objective::dmpo};
  const auto check = [&](const auto& exec) {
    REQUIRE_THROWS_WITH(po::loss(exec, pipeline, batch.policy.view(), po::reference_free),
                        "selection failed at row 1234");
    REQUIRE_THROWS_WITH(po::select_negatives(exec, throws_at{1999}, batch.policy.view(), {}),
                        "selection failed at row 1999");
    REQUIRE_NOTHROW(po::select_negatives(exec, throws_at{2000}, batch.policy.view(), {}));
  };
  check(po::exec::seq);
  check(po::exec::threads{1});
  check(po::exec::threads{2});
  check(po::exec::threads{7});
}
