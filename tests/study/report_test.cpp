// SPDX-License-Identifier: MIT
#include "study/report.hpp"

#include <cstdlib>
#include <regex>
#include <set>
#include <string>
#include <vector>

#include "study/inspection.hpp"
#include "study/made_up_results.hpp"
#include "study/metric.hpp"
#include "study/tiny_study.hpp"
#include "support/catch.hpp"
#include "support/skip.hpp"

namespace cs = collapse_study;
using study_test::contents;
using study_test::inspection;
using study_test::installed;
using study_test::require_readable;
using study_test::temporary_folder;

namespace {

cs::study_plan default_plan() { return cs::make_plan(cs::data_source::synthetic({}), {.seeds = 3}); }

// Writes the report of made-up results; false, said to CTest, where there is no gnuplot.
bool write_report(const cs::study_plan& plan, const std::filesystem::path& folder) {
  if (!installed("gnuplot")) {
    test_support::skip("gnuplot is not installed");
    return false;
  }
  REQUIRE(cs::write_report(plan, study_test::made_up_results(plan, study_test::usual_hit_ratio), folder));
  return true;
}

// Ids of the curves that a report must show, reference lines apart.
std::vector<std::string> curve_ids(const cs::study_plan& plan) {
  std::vector<std::string> ids;
  for (const cs::metric& shown : cs::metrics(true)) {
    for (const cs::panel& of : plan.panels) {
      for (const cs::variant kind : cs::variants) {
        ids.push_back("chart-" + shown.id + "-" + of.id() + "-" + std::string{cs::name(kind)});
      }
    }
  }
  return ids;
}

}  // namespace

TEST_CASE("report: one self-contained page with every curve") {
  const temporary_folder folder;
  const auto plan = default_plan();
  if (!write_report(plan, folder.path())) return;
  const std::string page = contents(folder / "report.html");
  for (const std::string& id : curve_ids(plan)) {
    INFO(id);
    REQUIRE(page.find("<g class=\"curve\" id=\"" + id + "\"><title>") != std::string::npos);
  }
  for (const cs::panel& of : plan.panels) {
    REQUIRE(page.find("id=\"chart-hit-ratio-" + of.id() + "-sft\"") != std::string::npos);
    // Far below the curves, so it is said instead of drawn.
    REQUIRE(page.find("id=\"chart-hit-ratio-" + of.id() + "-popularity\"") == std::string::npos);
  }
  REQUIRE(page.find("Popularity is at .0743, below this axis.") != std::string::npos);

  for (const std::string foreign : {"http:", "https:", "url(", "src=", "<script", "<link", "@import"}) {
    INFO(foreign);
    REQUIRE(page.find(foreign) == std::string::npos);
  }
  // Ids are unique, and what is referred to is there.
  std::set<std::string> ids;
  const std::regex id{" id=[\"']([^\"']*)[\"']"}, reference{"href=[\"']#([^\"']*)[\"']"};
  for (auto match = std::sregex_iterator{page.begin(), page.end(), id}; match != std::sregex_iterator{}; ++match) {
    INFO((*match)[1]);
    REQUIRE(ids.insert((*match)[1]).second);
  }
  for (auto match = std::sregex_iterator{page.begin(), page.end(), reference}; match != std::sregex_iterator{};
       ++match) {
    REQUIRE(ids.contains((*match)[1]));
  }
  // No colour but the page's own.
  REQUIRE(page.find("rgb(") == std::string::npos);
}

TEST_CASE("report: a reference line near the curves is drawn") {
  const temporary_folder folder;
  const auto plan = default_plan();
  if (!installed("gnuplot")) return test_support::skip("gnuplot is not installed");
  auto results = study_test::made_up_results(plan, study_test::usual_hit_ratio);
  for (auto& seed : results.seeds) seed.popularity = .48;
  REQUIRE(cs::write_report(plan, results, folder.path()));
  const std::string page = contents(folder / "report.html");
  REQUIRE(page.find("id=\"chart-hit-ratio-dmpo-0.015-popularity\"><title>Popularity</title>") != std::string::npos);
  REQUIRE(page.find("Popularity is at") == std::string::npos);
}

TEST_CASE("report: without gnuplot it says that there are no charts, and has all else") {
  const temporary_folder folder;
  const auto plan = default_plan();
  const std::string path = std::getenv("PATH");
  REQUIRE(::setenv("PATH", folder.path().c_str(), 1) == 0);
  const bool drawn =
      cs::write_report(plan, study_test::made_up_results(plan, study_test::usual_hit_ratio), folder.path());
  REQUIRE(::setenv("PATH", path.c_str(), 1) == 0);
  REQUIRE(!drawn);
  const std::string page = contents(folder / "report.html");
  REQUIRE(page.find("Gnuplot is not installed, so there are no charts.") != std::string::npos);
  REQUIRE(page.find("<figure>") == std::string::npos);
  REQUIRE(page.find("This is the collapse") != std::string::npos);
  REQUIRE(page.find("<table>") != std::string::npos);
}

TEST_CASE("report: readable in a browser on a phone and on a desktop", "[slow]") {
  if (!installed("chromium")) return test_support::skip("chromium is not installed");
  const temporary_folder folder;
  const auto plan = default_plan();
  if (!write_report(plan, folder.path())) return;
  for (const int width : {390, 1280}) {
    const inspection seen{folder, width};
    INFO("width " << width);
    require_readable(seen, width);
    const std::string curves = seen.all("curve");
    for (const std::string& id : curve_ids(plan)) {
      INFO(id);
      REQUIRE(curves.find(id + " rgb") != std::string::npos);
    }
    // Two variants differ in dashes, marks or width, never in colour alone: dashes of three of the four differ here.
    std::set<std::string> dashes;
    for (const std::string& curve : seen.said.at("curve")) {
      if (curve.starts_with("chart-win-rate-sdpo")) dashes.insert(curve.substr(curve.find(')') + 1));
    }
    REQUIRE(dashes.size() >= 3);
  }
}

TEST_CASE("report: the browser's inspection finds faults", "[slow]") {
  if (!installed("chromium")) return test_support::skip("chromium is not installed");
  const temporary_folder folder;
  const auto plan = default_plan();
  if (!write_report(plan, folder.path())) return;
  std::string page = contents(folder / "report.html");
  page.replace(page.find("<main>"), 6,
               "<main><p style=\"width: 50rem\">wide</p><script>console.error('x'); missing()</script>");
  const std::size_t label = page.find("<text>", page.find("chart-win-rate-sdpo"));
  page.insert(label + 6, "a label that is far too long for its place in the chart");
  std::ofstream{folder / "report.html", std::ios::binary} << page;
  const inspection seen{folder, 390};
  REQUIRE(seen.all("overflow") != "0\n");
  REQUIRE(seen.all("outside") != "");
  REQUIRE(seen.all("cut") != "");
  REQUIRE(seen.console != "");
}
