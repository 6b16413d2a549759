// SPDX-License-Identifier: MIT
#include "study/report.hpp"

#include <cstdlib>
#include <map>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "study/made_up_results.hpp"
#include "study/metric.hpp"
#include "study/tiny_study.hpp"
#include "support/catch.hpp"
#include "support/skip.hpp"

namespace cs = collapse_study;
using study_test::contents;
using study_test::temporary_folder;

namespace {

bool installed(const char* program) {
  return std::system(("command -v " + std::string{program} + " >/dev/null").c_str()) == 0;
}

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

// Added to a copy of the page: measures it and tells the page around it.
constexpr char inspector[] = R"js(<script>
window.addEventListener('load', () => {
  const lines = [], say = (...words) => lines.push(words.join(' '));
  const root = document.documentElement;
  say('width', window.innerWidth);
  say('overflow', root.scrollWidth - root.clientWidth);
  const scrolled = element => element.closest('.scroll');
  for (const element of document.querySelectorAll('body *')) {
    if (scrolled(element) || element.closest('svg')) continue;
    const box = element.getBoundingClientRect();
    if (box.right > window.innerWidth + .5 || box.left < -.5) say('outside', element.tagName, element.className);
    const overflows = element.scrollWidth > element.clientWidth + 1 && element.clientWidth > 0;
    if (overflows) say('cut', element.tagName, element.className);
  }
  for (const table of document.querySelectorAll('.scroll table')) {
    if (table.getBoundingClientRect().width > table.parentElement.scrollWidth + .5) say('cut', 'table');
  }
  for (const svg of document.querySelectorAll('figure svg')) {
    const frame = svg.getBoundingClientRect(), texts = [...svg.querySelectorAll('text')];
    const boxes = texts.map(text => text.getBoundingClientRect());
    boxes.forEach((box, i) => {
      if (box.left < frame.left - .5 || box.right > frame.right + .5 || box.top < frame.top - .5 ||
          box.bottom > frame.bottom + .5) say('cut', svg.id, texts[i].textContent);
      if (box.height < 8) say('small', svg.id, texts[i].textContent, box.height);
      // Line boxes are taller than glyphs: a third of the height may be shared.
      boxes.slice(0, i).forEach((other, j) => {
        const across = Math.min(box.right, other.right) - Math.max(box.left, other.left);
        const down = Math.min(box.bottom, other.bottom) - Math.max(box.top, other.top);
        if (across > 1 && down > box.height / 3) say('overlap', svg.id, texts[i].textContent, texts[j].textContent);
      });
    });
    for (const curve of svg.querySelectorAll('.curve')) {
      const box = curve.getBoundingClientRect(), path = curve.querySelector('path');
      const stroke = path ? getComputedStyle(path).stroke : 'none';
      const inside = box.left >= frame.left && box.right <= frame.right && box.top >= frame.top - .5 &&
                     box.bottom <= frame.bottom + .5;
      say(box.width > 50 && inside && stroke.startsWith('rgb') ? 'curve' : 'bad-curve', curve.id, stroke,
          path ? getComputedStyle(path).strokeDasharray : '');
    }
  }
  parent.postMessage(lines.join('\n'), '*');
});
</script></body>)js";

// The page around it: a frame of the width to look at, since a headless window is never narrower than 500 pixels.
std::string framed(int width) {
  return "<!doctype html><body><pre id=\"inspection\"></pre><script>addEventListener('message', told => "
         "document.getElementById('inspection').textContent = told.data)</script>"
         "<iframe src=\"inspected.html\" style=\"border: 0; height: 900px; width: " +
         std::to_string(width) + "px\"></iframe>";
}

// What the inspector says of a page at a width, by its first word; and what the browser wrote to its console.
struct inspection {
  std::map<std::string, std::vector<std::string>> said;
  std::string console;

  inspection(const temporary_folder& folder, int width) {
    std::string page = contents(folder / "report.html");
    page.replace(page.rfind("</body>"), 7, inspector);
    std::ofstream{folder / "inspected.html", std::ios::binary} << page;
    std::ofstream{folder / "frame.html", std::ios::binary} << framed(width);
    const std::string path = folder.path().string();
    const std::string command =
        "chromium --headless --no-sandbox --disable-gpu --hide-scrollbars --enable-logging=stderr --user-data-dir='" +
        path + "/profile' --window-size=1400,1000 --virtual-time-budget=5000 --dump-dom 'file://" + path +
        "/frame.html' >'" + path + "/dom' 2>'" + path + "/log'";
    INFO(command);
    REQUIRE(std::system(command.c_str()) == 0);
    std::istringstream log{contents(folder / "log")};
    for (std::string line; std::getline(log, line);) {
      if (line.find("CONSOLE") != std::string::npos) console += line + '\n';
    }
    const std::string dom = contents(folder / "dom");
    const std::string opening = "<pre id=\"inspection\">";
    const std::size_t begin = dom.find(opening) + opening.size();
    std::istringstream lines{dom.substr(begin, dom.find("</pre>", begin) - begin)};
    for (std::string line; std::getline(lines, line);) {
      const std::size_t space = line.find(' ');
      said[line.substr(0, space)].push_back(line.substr(space + 1));
    }
  }

  std::string all(const std::string& word) const {
    std::string text;
    if (const auto found = said.find(word); found != said.end()) {
      for (const std::string& line : found->second) text += line + '\n';
    }
    return text;
  }
};

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
    REQUIRE(seen.all("width") == std::to_string(width) + "\n");
    REQUIRE(seen.all("overflow") == "0\n");
    for (const std::string fault : {"outside", "cut", "small", "overlap", "bad-curve"}) {
      INFO(fault);
      REQUIRE(seen.all(fault) == "");
    }
    REQUIRE(seen.console == "");
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
