// SPDX-License-Identifier: MIT
#include "dynamicpo/result.hpp"

#include <type_traits>

#include "dynamicpo/instruments.hpp"
#include "support/catch.hpp"

namespace po = dynamicpo;
using po::defect;

TEST_CASE("invalid_row says which row, which rejected, and why") {
  REQUIRE_FALSE(po::invalid_row{}.exists());
  REQUIRE(po::invalid_row{3, -1, defect::chosen_score}.text() == "row 3: the chosen score is not finite");
  REQUIRE(po::invalid_row{3, 2, defect::rejected_score}.text() == "row 3, rejected 2: the score is NaN or +inf");
  REQUIRE(po::invalid_row{3, 2, defect::rejected_score}.reason() == "rejected 2: the score is NaN or +inf");
  REQUIRE(po::invalid_row{0, -1, defect::chosen_length}.reason() == "the chosen sequence is empty");
  REQUIRE(po::invalid_row{0, -1, defect::chosen_log_ratio}.reason() == "the log-ratio of the chosen is not finite");
  REQUIRE(po::invalid_row{0, 1, defect::rejected_log_ratio}.reason() == "rejected 1: the log-ratio is not finite");
  REQUIRE(po::invalid_row{0, -1, defect::margin}.reason() == "the aggregate margin overflows");
  REQUIRE(po::invalid_row{0, -1, defect::too_many_negatives}.reason() == "more negatives than the objective takes");
  REQUIRE(po::invalid_row{}.reason() == "valid");
}

TEST_CASE("row_counts add up and keep the first invalid row") {
  po::row_counts sum;
  sum.merge({.rows = 5, .empty_rows = 1, .invalid_rows = 0, .underflow_rows = 2, .first_invalid = {}});
  REQUIRE_FALSE(sum.first_invalid.exists());
  sum.merge({.rows = 1,
             .empty_rows = 0,
             .invalid_rows = 2,
             .underflow_rows = 0,
             .first_invalid = {7, 1, defect::rejected_score}});
  sum.merge({.rows = 0,
             .empty_rows = 3,
             .invalid_rows = 1,
             .underflow_rows = 1,
             .first_invalid = {9, -1, defect::chosen_score}});
  REQUIRE(sum.rows == 6);
  REQUIRE(sum.empty_rows == 4);
  REQUIRE(sum.invalid_rows == 3);
  REQUIRE(sum.underflow_rows == 3);
  REQUIRE(sum.first_invalid.row == 7);
  REQUIRE(sum.first_invalid.defect == defect::rejected_score);
}

TEST_CASE("too many negatives comes before any other defect, the first of them first") {
  po::row_counts sum;
  sum.note({2, -1, defect::chosen_score});
  sum.note({5, -1, defect::too_many_negatives});
  sum.note({6, -1, defect::too_many_negatives});
  sum.note({8, -1, defect::margin});
  REQUIRE(sum.first_invalid.row == 5);
}

TEST_CASE("an evaluation without instruments carries none; its loss is in the accumulator's precision") {
  struct bare : po::row_counts {
    double loss{0};
  };
  STATIC_REQUIRE(sizeof(po::evaluation<float, po::no_instruments>) == sizeof(bare));
  STATIC_REQUIRE(std::is_same_v<decltype(po::evaluation<float, po::no_instruments>::loss), double>);
}
