// SPDX-License-Identifier: MIT
#include "selection_bench/quality.hpp"

#include <cmath>
#include <stdexcept>
#include <utility>
#include <vector>

#include "selection_bench/bench.hpp"
#include "selection_bench/random_rows.hpp"
#include "support/catch.hpp"

namespace sb = selection_bench;

namespace {

// Slots below `count`, whatever their scores: depends on the order of the negatives.
class first_slots final : public sb::strategy {
 public:
  explicit first_slots(std::int32_t count) : count_{count} {}
  void select(const sb::score_rows& rows, std::uint32_t, sb::selected_lists& out) override {
    out = {.offsets = {0}};
    for (std::size_t row = 0; row < rows.rows(); ++row) {
      for (std::int32_t slot = 0; slot < count_ && slot < std::ssize(rows.rejected_of(row)); ++slot) {
        out.slots.push_back(slot);
      }
      out.offsets.push_back(std::ssize(out.slots));
    }
  }

 private:
  std::int32_t count_;
};

bool near(double a, double b) { return std::abs(a - b) < 1e-12; }

sb::bench_data labelled(sb::score_rows rows, std::vector<std::uint8_t> truth) {
  return {.id = "x", .title = "x", .labelled = true, .scores = std::move(rows), .truth = std::move(truth)};
}

}  // namespace

TEST_CASE("selection bench: figures of two rows worked out by hand") {
  sb::score_rows rows;
  rows.add(0, std::vector<double>{-1, -2, -30});  // exact: {-1}, {-2}, {-30}, so slot 0
  rows.add(0, std::vector<double>{-5, 1});        // exact: the violator, slot 1
  const auto data = sb::prepare(labelled(rows, {1, 1, 0, 1, 0}), 0);
  REQUIRE(data.exact == std::vector<std::uint8_t>{1, 0, 0, 0, 1});

  first_slots one{1};
  const sb::quality q = sb::measure(one, data);
  REQUIRE(near(q.recall, 2.0 / 3));
  REQUIRE(near(q.precision, 1));
  REQUIRE(near(q.f1(), .8));
  REQUIRE(near(q.agreement, .5));
  REQUIRE(near(q.selected, 1));
  REQUIRE(near(q.empty_rows, 0));
  REQUIRE(near(q.gradient_share, 1));

  // Two of each: margins (1 + 2) / 2 and (5 - 1) / 2, each row's gradient shared evenly between its two.
  first_slots two{2};
  const sb::quality both = sb::measure(two, data);
  const double first = 1 / (1 + std::exp(1.5)), second = 1 / (1 + std::exp(2.0));
  REQUIRE(near(both.gradient_share, (first + second / 2) / (first + second)));
  REQUIRE(near(both.precision, .75));

  first_slots none{0};
  const sb::quality nothing = sb::measure(none, data);
  REQUIRE(nothing.recall == 0);
  REQUIRE(std::isnan(nothing.precision));
  REQUIRE(std::isnan(nothing.gradient_share));
  REQUIRE(nothing.f1() == 0);
  REQUIRE(nothing.empty_rows == 1);
  REQUIRE(nothing.order_invariance == 1);
}

TEST_CASE("selection bench: permuted rows hold the same scores, and tell what depends on their order") {
  const auto data = sb::prepare({.id = "x", .scores = selection_bench_test::random_rows(4, 400, 12)}, 9);
  REQUIRE(data.truth == data.exact);
  std::size_t moved = 0;
  for (std::size_t row = 0; row < data.scores.rows(); ++row) {
    const auto order = data.permuted.slice(data.order, row);
    for (std::size_t i = 0; i < order.size(); ++i) {
      const auto slot = static_cast<std::size_t>(order[i]);
      REQUIRE(data.permuted.rejected_of(row)[i] == data.scores.rejected_of(row)[slot]);
      moved += slot != i ? 1u : 0u;
    }
  }
  REQUIRE(moved > data.scores.rejected.size() / 2);

  for (const std::string id : {"boundary", "jenks", "otsu", "violators", "threshold", "semi-hard", "top-k", "all"}) {
    INFO(id);
    REQUIRE(sb::measure(*sb::make_strategy(id, {}).ready, data).order_invariance == 1);
  }
  for (const std::string id : {"random-k", "softmax"}) {
    INFO(id);
    REQUIRE(sb::measure(*sb::make_strategy(id, {}).ready, data).order_invariance < .9);
  }
  const auto ours = sb::measure(*sb::make_strategy("boundary", {}).ready, data);
  REQUIRE(ours.agreement == 1);
  REQUIRE(ours.recall == 1);
  REQUIRE(ours.precision == 1);
}

TEST_CASE("selection bench: a row without negatives is refused") {
  sb::score_rows rows;
  rows.add(-1, std::vector<double>{-2});
  rows.add(-1, {});
  REQUIRE_THROWS_AS(sb::prepare({.id = "x", .scores = rows}, 0), std::invalid_argument);
}

TEST_CASE("selection bench: times are taken of every strategy that is there") {
  const auto data = sb::prepare({.id = "x", .scores = selection_bench_test::random_rows(4, 50, 12)}, 0);
  const auto boundary = sb::make_strategy("boundary", {}), all = sb::make_strategy("all", {});
  std::vector<sb::quality> figures(3);
  sb::time_by_turns({boundary.ready.get(), nullptr, all.ready.get()}, data, 3, figures);
  REQUIRE(figures[0].ns_per_row > 0);
  REQUIRE(figures[1].ns_per_row == 0);
  REQUIRE(figures[2].ns_per_row > 0);
}

TEST_CASE("selection bench: the front holds what nothing beats in both time and quality") {
  using points = std::vector<std::optional<sb::cost_and_quality>>;
  REQUIRE(sb::frontier({}).empty());
  REQUIRE(sb::frontier(points{{{10, .5}}, {{20, .4}}, {}, {{5, .1}}, {{20, .9}}, {{20, .9}}}) ==
          std::vector<std::size_t>{3, 0, 4});
}

TEST_CASE("selection bench: intervals by Student's t") {
  const std::vector<double> two{1, 3}, ten{1, 2, 3, 4, 5, 6, 7, 8, 9, 10};
  // t(.975): 12.7062 with one degree of freedom, 2.26216 with nine.
  REQUIRE(std::abs(sb::half_width(collapse_study::summarise(two), .95) - 12.7062) < 1e-3);
  const auto summary = collapse_study::summarise(ten);
  REQUIRE(std::abs(sb::half_width(summary, .95) - 2.26216 * summary.standard_error) < 1e-4);
  REQUIRE(std::isnan(sb::half_width(collapse_study::summarise(std::vector<double>{1}), .95)));
}
