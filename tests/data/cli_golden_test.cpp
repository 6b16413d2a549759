// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "cli/run.hpp"
#include "support/catch.hpp"
#include "support/shared_data.hpp"
#include "support/skip.hpp"

using nlohmann::json;

namespace {

/// Largest errors seen, absolute or relative, whichever is less.
struct errors {
  double loss = 0, gradient = 0, beta = 0;
};

double error(const json& found, const json& expected) {
  const double a = found.get<double>(), b = expected.get<double>();
  return std::abs(a - b) / std::max(1.0, std::abs(b));
}

double error_of_arrays(const json& found, const json& expected) {
  REQUIRE(found.size() == expected.size());
  double largest = 0;
  for (std::size_t i = 0; i < found.size(); ++i) { largest = std::max(largest, error(found[i], expected[i])); }
  return largest;
}

void compare(const std::string& line, const std::string& expected_line, errors& seen) {
  const json found = json::parse(line), expected = json::parse(expected_line);
  seen.loss = std::max(seen.loss, error(found.at("loss"), expected.at("loss")));
  seen.gradient = std::max({seen.gradient, error(found.at("grad_chosen"), expected.at("grad_chosen")),
                            error_of_arrays(found.at("grad_rejected"), expected.at("grad_rejected"))});
  REQUIRE(found.contains("boundary") == expected.contains("boundary"));
  if (!expected.contains("boundary")) { return; }
  REQUIRE(found.at("boundary") == expected.at("boundary"));
  seen.beta = std::max(seen.beta, error_of_arrays(found.at("beta"), expected.at("beta")));
}

std::string arguments_of(const json& golden, const std::filesystem::path& folder) {
  std::string text = "loss --objective " + golden.at("objective").get<std::string>() + " --beta " +
                     golden.at("beta").dump() + " --input '" +
                     absolute(folder / golden.at("input").get<std::string>()).string() + "'";
  if (golden.at("dynamic").get<bool>()) { text += " --dynamic --gamma " + golden.at("gamma").dump(); }
  if (golden.at("reference_free").get<bool>()) { text += " --reference-free"; }
  return text;
}

}  // namespace

TEST_CASE("cli: every golden case, in both precisions") {
  const auto folder = test_support::shared_data("golden");
  if (!folder) { return test_support::skip("no golden files in the shared folder"); }
  const json manifest = json::parse(cli_test::contents(*folder / "manifest.json"));
  REQUIRE(!manifest.at("cases").empty());
  struct precision {
    std::string name;
    double tolerance;
  };
  for (const auto& [name, tolerance] : {precision{"double", 1e-12}, precision{"float", 1e-5}}) {
    errors seen;
    const cli_test::sandbox box;
    for (const json& golden : manifest.at("cases")) {
      INFO(name << " " << golden.dump());
      const auto result = box.run(arguments_of(golden, *folder) + " --precision " + name);
      REQUIRE(result.err.empty());
      REQUIRE(result.status == 0);
      const auto found = cli_test::lines(result.out);
      const auto expected = cli_test::lines(cli_test::contents(*folder / golden.at("expected").get<std::string>()));
      REQUIRE(found.size() == golden.at("rows").get<std::size_t>());
      REQUIRE(found.size() == expected.size());
      for (std::size_t row = 0; row < found.size(); ++row) {
        INFO("row " << row);
        compare(found[row], expected[row], seen);
      }
    }
    std::printf("golden, %s: largest errors: loss %.2g, gradient %.2g, beta %.2g\n", name.c_str(), seen.loss,
                seen.gradient, seen.beta);
    REQUIRE(seen.loss <= tolerance);
    REQUIRE(seen.gradient <= tolerance);
    REQUIRE(seen.beta <= tolerance);
  }
}
