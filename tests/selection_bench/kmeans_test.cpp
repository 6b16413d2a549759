// SPDX-License-Identifier: MIT
#include "selection_bench/kmeans_process.hpp"

#include <vector>

#include "selection_bench/random_rows.hpp"
#include "support/catch.hpp"
#include "support/skip.hpp"

namespace sb = selection_bench;

TEST_CASE("selection bench: KMeans says why it cannot run") {
  REQUIRE(sb::make_strategy("kmeans-1", {.python = "no-such-python"}).absent ==
          "no-such-python: No such file or directory");
  const auto silent = sb::make_strategy("kmeans-10", {.python = "false"});
  REQUIRE(silent.absent == "false: ended without a word");
  REQUIRE(silent.ready == nullptr);
}

TEST_CASE("selection bench: KMeans finds violators and clusters that no start misses") {
  sb::kmeans_process kmeans{10, ""};
  if (!kmeans.absent().empty()) return test_support::skip(("KMeans: " + kmeans.absent()).c_str());
  REQUIRE(kmeans.peer().starts_with("scikit-learn "));
  sb::score_rows rows;
  rows.add(-5, std::vector<double>{-4, -9, -5, -12});
  rows.add(-1, std::vector<double>{-30, -5, -90, -5.1, -31});
  rows.add(-1, std::vector<double>{-7});
  rows.add(-1, std::vector<double>{-9, -9, -12});
  sb::selected_lists found;
  kmeans.select(rows, 0, found);
  REQUIRE(sb::flags_of(rows, found) == std::vector<std::uint8_t>{1, 0, 1, 0, 0, 1, 0, 1, 0, 1, 1, 1, 0});
  REQUIRE(kmeans.nanoseconds().value_or(0) > 0);
  // A second conversation, and the same answers.
  sb::selected_lists again;
  kmeans.select(rows, 1, again);
  REQUIRE(again.slots == found.slots);
}
