// SPDX-License-Identifier: MIT
#include "dynamicpo/detail/blocks.hpp"

#include <stdexcept>
#include <string>
#include <vector>

#include "dynamicpo/exec/seq.hpp"
#include "support/catch.hpp"

namespace po = dynamicpo;
using po::detail::block_plan;

namespace {

block_plan plan_of(po::index rows, po::index negatives) {
  // Views of a plan are never read.
  return block_plan::of(
      po::scores<const double>{po::strided_span<const double>{nullptr, rows, 1},
                               po::strided_matrix<const double>{nullptr, rows, negatives, negatives, 1}});
}

}  // namespace

TEST_CASE("block_plan covers every row with whole groups, of a size by row length") {
  for (const po::index rows : {1, 31, 32, 33, 255, 256, 257, 10000}) {
    for (const po::index negatives : {0, 1, 15, 63, 500, 100000}) {
      const block_plan plan = plan_of(rows, negatives);
      CAPTURE(rows, negatives);
      REQUIRE(plan.rows == rows);
      REQUIRE(plan.longest_row == negatives);
      REQUIRE(plan.rows_per_block % block_plan::group == 0);
      REQUIRE(plan.rows_per_block >= 32);
      REQUIRE(plan.rows_per_block <= 1024);
      REQUIRE(plan.blocks * plan.rows_per_block >= rows);
      REQUIRE((plan.blocks - 1) * plan.rows_per_block < rows);
      REQUIRE(plan.groups() == (rows + 31) / 32);
    }
  }
  REQUIRE(plan_of(10000, 15).rows_per_block == 1024);
  REQUIRE(plan_of(10000, 1000).rows_per_block == 64);
}

TEST_CASE("block_plan of no rows has no blocks; of ragged rows it knows the longest") {
  REQUIRE(plan_of(0, 0).blocks == 0);
  const std::vector<double> chosen(3), rejected(9);
  const std::vector<std::int64_t> offsets{0, 2, 9, 9};
  REQUIRE(block_plan::of(po::view(chosen, rejected, offsets)).longest_row == 7);
  REQUIRE(block_plan::of(po::view(chosen, rejected, offsets).slice(0, 1)).longest_row == 2);
}

TEST_CASE("for_each_row sees every row once and adds up groups in order") {
  for (const po::index rows : {1, 32, 33, 700}) {
    std::vector<int> seen(static_cast<std::size_t>(rows));
    const auto total = po::detail::for_each_row<double>(
        po::exec::seq, plan_of(rows, 3), nullptr, [&](po::index row, auto&, auto& group) {
          ++seen[static_cast<std::size_t>(row)];
          group.loss += static_cast<double>(row);
          ++group.counts.rows;
          if (row >= 20) { po::detail::note_invalid(group.counts, row, po::defect::chosen_score, -1); }
        });
    REQUIRE(seen == std::vector<int>(static_cast<std::size_t>(rows), 1));
    REQUIRE(total.loss == static_cast<double>(rows * (rows - 1) / 2));
    REQUIRE(total.counts.rows == rows);
    REQUIRE(total.counts.first_invalid.row == (rows > 20 ? 20 : -1));
  }
}

TEST_CASE("report_invalid answers as asked, and never lets too many negatives pass") {
  po::row_counts counts;
  REQUIRE_NOTHROW(po::detail::report_invalid("here", counts, po::nonfinite::throw_));
  po::detail::note_invalid(counts, 4, po::defect::rejected_score, 2);
  REQUIRE_NOTHROW(po::detail::report_invalid("here", counts, po::nonfinite::skip));
  REQUIRE_NOTHROW(po::detail::report_invalid("here", counts, po::nonfinite::propagate));
  REQUIRE_THROWS_AS(po::detail::report_invalid("here", counts, po::nonfinite::throw_), std::domain_error);
  REQUIRE_THROWS_WITH(po::detail::report_invalid("here", counts, po::nonfinite::throw_),
                      "dynamicpo::here: row 4, rejected 2: the score is NaN or +inf (1 invalid in all)");
  po::detail::note_invalid(counts, 7, po::defect::too_many_negatives, -1);
  REQUIRE_THROWS_AS(po::detail::report_invalid("here", counts, po::nonfinite::skip), std::invalid_argument);
}
