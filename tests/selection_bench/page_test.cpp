// SPDX-License-Identifier: MIT
#include "selection_bench/page.hpp"

#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>
#include <regex>
#include <set>
#include <string>

#include "selection_bench/random_rows.hpp"
#include "selection_bench/table.hpp"
#include "study/inspection.hpp"
#include "study/tiny_study.hpp"
#include "support/catch.hpp"
#include "support/skip.hpp"

namespace sb = selection_bench;
using study_test::contents;
using study_test::inspection;
using study_test::installed;
using study_test::require_readable;
using study_test::temporary_folder;

namespace {

// Figures of all strategies, those of KMeans and of the training made up.
sb::bench_results made_up_results() {
  sb::bench_results results =
      sb::run_bench({.strategies = {.python = "no-such-python"}, .rows = 40, .seeds = 0, .rounds = 3, .dumps = false},
                    {{.id = "input",
                      .title = "rows \"<of mine>\".jsonl",
                      .meaning = "all rows",
                      .scores = selection_bench_test::random_rows(8, 40, 19)}});
  for (sb::data_result& each : results.data) {
    for (std::size_t i = 10; i < 12; ++i) {
      each.figures[i] = each.figures[0];
      each.figures[i]->ns_per_row = i == 10 ? 8.5e5 : 3.2e6;
      each.figures[i]->agreement = .7;
    }
  }
  results.absent.assign(12, "");
  results.options.seeds = 3;
  results.supervised = {.50, .51, .49};
  for (std::size_t i = 0; i < 12; ++i) {
    sb::trained arm{.rate = .005, .chosen_rate = i < 10};
    for (const double seed : {0., .01, -.01}) {
      arm.hit_ratio.push_back(.55 - .004 * static_cast<double>(i % 7) + seed + .002 * static_cast<double>(i % 3));
    }
    arm.summary = collapse_study::summarise(arm.hit_ratio);
    arm.half_width = sb::half_width(arm.summary, .95);
    arm.against_boundary =
        collapse_study::compare(arm.hit_ratio, i == 0 ? arm.hit_ratio : results.end_to_end[0]->hit_ratio);
    results.end_to_end.emplace_back(arm);
  }
  return results;
}

// False, said to CTest, where there is no gnuplot.
bool write_page(const std::filesystem::path& folder) {
  if (!installed("gnuplot")) {
    test_support::skip("gnuplot is not installed");
    return false;
  }
  const sb::page page = sb::make_page(made_up_results(), "some machine");
  REQUIRE(page.drawn);
  std::ofstream{folder / "report.html", std::ios::binary} << page.html;
  return true;
}

}  // namespace

TEST_CASE("selection bench page: self-contained, with a picture of every data set and every strategy in it") {
  const temporary_folder folder;
  if (!write_page(folder.path())) return;
  const std::string page = contents(folder / "report.html");
  for (const std::string id : {"synthetic", "training", "data-even", "data-rare", "data-tail", "data-input"}) {
    INFO(id);
    REQUIRE(page.find("<svg id=\"frontier-" + id + "\"") != std::string::npos);
    REQUIRE(page.find("<g class=\"curve\" id=\"frontier-" + id + "-front\">") != std::string::npos);
    for (const sb::strategy_info& each : sb::strategies()) {
      INFO(each.id);
      REQUIRE(page.find("<g class=\"point\" id=\"frontier-" + id + "-" + each.id + "\">") != std::string::npos);
    }
  }
  for (const std::string foreign : {"http:", "https:", "url(", "src=", "<script", "<link", "@import", "<of mine>"}) {
    INFO(foreign);
    REQUIRE(page.find(foreign) == std::string::npos);
  }
  std::set<std::string> ids;
  const std::regex id{" id=[\"']([^\"']*)[\"']"};
  for (auto match = std::sregex_iterator{page.begin(), page.end(), id}; match != std::sregex_iterator{}; ++match) {
    INFO((*match)[1]);
    REQUIRE(ids.insert((*match)[1]).second);
  }
  REQUIRE(page.find("rgb(") == std::string::npos);
  REQUIRE(page.find("some machine") != std::string::npos);
}

TEST_CASE("selection bench page: what was skipped is said, with the reason") {
  auto results = made_up_results();
  results.absent[10] = "python3: No module named 'sklearn'";
  for (auto& each : results.data) each.figures[10].reset();
  results.end_to_end[10].reset();
  const std::string page = sb::make_page(results, "some machine").html;
  REQUIRE(page.find("<h2>Skipped</h2>") != std::string::npos);
  REQUIRE(page.find("skipped: python3: No module named 'sklearn'") != std::string::npos);
  const std::string text = sb::to_text(results);
  REQUIRE(text.find("skipped KMeans, n_init 1: python3: No module named 'sklearn'\n") != std::string::npos);
  const auto json = nlohmann::json::parse(sb::to_json(results, "some machine"));
  REQUIRE(json["skipped"]["kmeans-1"] == results.absent[10]);
  REQUIRE(!json["data"][0]["strategies"].contains("kmeans-1"));
  REQUIRE(json["data"][0]["strategies"].contains("kmeans-10"));
}

TEST_CASE("selection bench page: training alone has its table, and no picture, for want of times") {
  auto results = made_up_results();
  results.data.clear();
  const sb::page page = sb::make_page(results, "some machine");
  REQUIRE(page.drawn);
  REQUIRE(page.html.find("Gnuplot") == std::string::npos);
  REQUIRE(page.html.find("<figure>") == std::string::npos);
  REQUIRE(page.html.find("aria-label=\"HR@1 after training\"") != std::string::npos);
}

TEST_CASE("selection bench page: without gnuplot it says that there are no pictures, and has all else") {
  const temporary_folder folder;
  const std::string path = std::getenv("PATH");
  REQUIRE(::setenv("PATH", folder.path().c_str(), 1) == 0);
  const sb::page page = sb::make_page(made_up_results(), "some machine");
  REQUIRE(::setenv("PATH", path.c_str(), 1) == 0);
  REQUIRE(!page.drawn);
  REQUIRE(page.html.find("Gnuplot is not installed, so there are no pictures.") != std::string::npos);
  REQUIRE(page.html.find("<figure>") == std::string::npos);
  REQUIRE(page.html.find("<table") != std::string::npos);
}

TEST_CASE("selection bench page: readable in a browser on a phone and on a desktop", "[slow]") {
  if (!installed("chromium")) return test_support::skip("chromium is not installed");
  const temporary_folder folder;
  if (!write_page(folder.path())) return;
  for (const int width : {390, 1280}) {
    const inspection seen{folder, width};
    INFO("width " << width);
    require_readable(seen, width);
    REQUIRE(seen.all("curve").find("frontier-synthetic-front rgb") != std::string::npos);
    REQUIRE(seen.all("curve").find("frontier-training-front rgb") != std::string::npos);
  }
}
