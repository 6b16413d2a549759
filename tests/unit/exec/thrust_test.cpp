// SPDX-License-Identifier: MIT
#include "dynamicpo/exec/thrust.hpp"

#include <atomic>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <vector>

#include "unit/exec/thrust_systems.hpp"

namespace po = dynamicpo;

TEST_CASE("exec::thrust gives the bits of seq on every host system, double") {
  thrust_test::require_bits_of_seq<double>();
}

TEST_CASE("exec::thrust models execution_policy on host memory") {
  thrust_test::for_each_system([](const char* name, const auto& exec) {
    CAPTURE(name);
    using policy = std::remove_cvref_t<decltype(exec)>;
    STATIC_REQUIRE(po::execution_policy<policy>);
    STATIC_REQUIRE(std::is_same_v<typename policy::space_type, po::space::host>);
    REQUIRE(exec.lanes(0) == 1);
    REQUIRE(exec.lanes(1) == 1);
    REQUIRE(exec.lanes(100000) >= 1);
  });
}

TEST_CASE("exec::thrust runs every block once, no two at a time on one lane") {
  thrust_test::for_each_system([](const char* name, const auto& exec) {
    CAPTURE(name);
    constexpr po::index blocks = 200;
    const auto lanes = static_cast<std::size_t>(exec.lanes(blocks));
    std::vector<std::atomic<int>> runs(blocks), busy(lanes);
    std::atomic<int> collisions{0};
    exec.for_each_block(blocks, [&](po::index block, po::index lane) {
      if (busy[static_cast<std::size_t>(lane)]++ != 0) { ++collisions; }
      ++runs[static_cast<std::size_t>(block)];
      --busy[static_cast<std::size_t>(lane)];
    });
    REQUIRE(collisions == 0);
    for (const auto& run : runs) { REQUIRE(run == 1); }
  });
}

TEST_CASE("exec::thrust rethrows the exception of a block and stops the rest") {
  thrust_test::for_each_system([](const char* name, const auto& exec) {
    CAPTURE(name);
    std::atomic<po::index> runs{0};
    REQUIRE_THROWS_WITH(exec.for_each_block(1000000,
                                            [&](po::index, po::index) {
                                              ++runs;
                                              throw std::runtime_error("failed");
                                            }),
                        "failed");
    REQUIRE(runs >= 1);
    REQUIRE(runs <= exec.lanes(1000000));
  });
}
