// SPDX-License-Identifier: MIT
// The library against the reference figures of ../shared/golden.
#include <algorithm>
#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <type_traits>
#include <vector>

#include "support/catch.hpp"
#include "support/rows.hpp"
#include "support/shared_data.hpp"
#include "support/skip.hpp"

namespace {

using nlohmann::json;
using namespace test_support;

std::vector<json> lines_of(const std::string& file) {
  std::ifstream stream{*shared_data("golden/" + file)};
  std::vector<json> lines;
  for (std::string line; std::getline(stream, line);) { lines.push_back(json::parse(line)); }
  return lines;
}

template <class T>
batch<T> stored(const std::vector<json>& lines) {
  batch<T> rows;
  const auto read = [&](table<T>& into, const std::string& name) {
    into.offsets = {0};
    for (const json& line : lines) {
      into.chosen.push_back(line.at(name + "_chosen").get<T>());
      for (const json& score : line.at(name + "_rejected")) { into.rejected.push_back(score.get<T>()); }
      into.offsets.push_back(static_cast<std::int64_t>(into.rejected.size()));
    }
  };
  read(rows.policy, "policy");
  read(rows.reference, "reference");
  return rows;
}

template <class T, class Objective>
answer<T> answers(const json& of, const Objective& objective, const batch<T>& rows) {
  const double beta = of.at("beta").get<double>();
  const auto policy = rows.policy.view(), reference = rows.reference.view();
  if (!of.at("dynamic").get<bool>()) { return evaluate(po::vanilla(objective, beta), policy, reference); }
  return evaluate(po::dynamic(objective, {.base = beta, .gamma = of.at("gamma").get<double>()}), policy, reference);
}

template <class T>
void check_row(const answer<T>& found, po::index row, const json& expected) {
  // Relative above 1, absolute below. Float rounds the scores themselves, by up to 2e-6 each.
  const double tolerance = std::is_same_v<T, double> ? 1e-15 : 1e-5;
  const auto agree = [&](T a, const json& b) {
    const double exact = b.get<double>();
    return std::abs(static_cast<double>(a) - exact) <= tolerance * std::max(1.0, std::abs(exact));
  };
  const row_answer<T> mine = row_of(found, row);
  REQUIRE(agree(mine.loss[0], expected.at("loss")));
  REQUIRE(agree(mine.gradient[0], expected.at("grad_chosen")));
  REQUIRE(mine.gradient.size() == 1 + expected.at("grad_rejected").size());
  for (std::size_t k = 0; k + 1 < mine.gradient.size(); ++k) {
    REQUIRE(agree(mine.gradient[k + 1], expected.at("grad_rejected")[k]));
  }
  if (!expected.contains("boundary")) { return; }
  std::vector<std::size_t> boundary;
  for (std::size_t k = 0; k < mine.beta.size(); ++k) {
    if (mine.beta[k] != 0) { boundary.push_back(k); }
  }
  REQUIRE(boundary == expected.at("boundary").get<std::vector<std::size_t>>());
  for (std::size_t j = 0; j < boundary.size(); ++j) {
    REQUIRE(agree(mine.beta[boundary[j]], expected.at("beta")[j]));
  }
}

}  // namespace

TEMPLATE_TEST_CASE("golden figures: losses, gradients, boundaries and betas", "", double, float) {
  const auto path = shared_data("golden/manifest.json");
  if (!path) { return skip("no ../shared/golden"); }
  const json manifest = json::parse(std::ifstream{*path});
  std::size_t rows_compared = 0;
  for (const json& of : manifest.at("cases")) {
    const auto rows = stored<TestType>(lines_of(of.at("input").get<std::string>()));
    const std::vector<json> expected = lines_of(of.at("expected").get<std::string>());
    REQUIRE(expected.size() == rows.policy.chosen.size());
    REQUIRE(expected.size() == of.at("rows").get<std::size_t>());
    const std::string objective = of.at("objective").get<std::string>();
    const answer<TestType> found = objective == "dmpo"   ? answers(of, po::objective::dmpo, rows)
                                   : objective == "sdpo" ? answers(of, po::objective::sdpo, rows)
                                                         : answers(of, po::objective::mppo, rows);
    REQUIRE((objective == "dmpo" || objective == "sdpo" || objective == "mppo"));
    for (std::size_t row = 0; row < expected.size(); ++row) {
      CAPTURE(of.at("expected").get<std::string>(), row);
      check_row(found, static_cast<po::index>(row), expected[row]);
      ++rows_compared;
    }
  }
  REQUIRE(rows_compared >= 18 * 96);
}
