// SPDX-License-Identifier: MIT
#include "selection_bench/picture.hpp"

#include <fmt/format.h>
#include <stdlib.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string_view>
#include <utility>

#include "study/gnuplot.hpp"
#include "study/statistics.hpp"
#include "study/svg.hpp"

namespace selection_bench {
namespace {

namespace cs = collapse_study;

constexpr cs::chart_box box{.width = 350, .height = 270, .left = 50, .right = 124, .top = 10, .bottom = 46};
constexpr int plot_height = box.height - box.top - box.bottom;

constexpr std::string_view inks[]{"--paper", "--dynamic", "--vanilla", "--reference", "--axis", "--grid"};
constexpr int first_kind_ink = 1, axis_ink = 4, grid_ink = 5;

// Markers tell the kinds apart besides colour.
constexpr std::string_view marks[]{"pt 5 ps .55", "pt 9 ps .7", "pt 7 ps .45"};

struct range {
  double low, high;
  double share(double value) const { return (value - low) / (high - low); }
};

struct label {
  std::size_t strategy;
  double point, at;  // shares of the height, from below
};

// Each label level with its point, but a line of text from the next: pushed up from below, then down from the top.
std::vector<label> labels_of(const picture& of, const range& y) {
  constexpr double line = 15.5 / plot_height;
  std::vector<label> labels;
  for (std::size_t i = 0; i < of.points.size(); ++i) {
    if (of.points[i]) labels.push_back({i, y.share(of.points[i]->quality), y.share(of.points[i]->quality)});
  }
  std::ranges::stable_sort(labels, {}, &label::point);
  for (std::size_t i = 1; i < labels.size(); ++i) labels[i].at = std::max(labels[i].at, labels[i - 1].at + line);
  double ceiling = 1;
  for (auto each = labels.rbegin(); each != labels.rend(); ++each) {
    each->at = std::min(each->at, ceiling);
    ceiling = each->at - line;
  }
  return labels;
}

std::vector<std::optional<cost_and_quality>> without_errors(const picture& of) {
  std::vector<std::optional<cost_and_quality>> points;
  for (const auto& each : of.points) {
    points.push_back(each ? std::optional{cost_and_quality{each->nanoseconds, each->quality}} : std::nullopt);
  }
  return points;
}

int ink_of(std::size_t strategy) { return first_kind_ink + static_cast<int>(strategies()[strategy].kind); }

range qualities(const picture& of) {
  range y{1, 0};
  for (const auto& each : of.points) {
    if (!each) continue;
    y.low = std::min(y.low, each->quality);
    y.high = std::max(y.high, each->quality);
  }
  const double margin = std::max(.08 * (y.high - y.low), 1e-3);
  return {y.low - margin, y.high + margin};
}

struct script {
  std::string text;
  std::vector<std::pair<std::string, std::string>> plotted;
};

script script_of(const picture& of) {
  const range y = qualities(of);
  double fastest = HUGE_VAL, slowest = 0;
  for (const auto& each : of.points) {
    if (!each) continue;
    fastest = std::min(fastest, each->nanoseconds);
    slowest = std::max(slowest, each->nanoseconds);
  }
  const range x{std::pow(10, std::floor(std::log10(fastest * .8))), std::pow(10, std::ceil(std::log10(slowest * 1.2)))};

  script made;
  std::string data, plots, labels;
  const auto plot = [&](const std::string& points, const std::string& style, const std::string& id, const char* kind) {
    const std::string block = fmt::format("$plot{}", made.plotted.size());
    data += block + " << EOD\n" + points + "EOD\n";
    plots += fmt::format("{}  {}{}", plots.empty() ? "" : ", \\\n", block, style);
    made.plotted.emplace_back(kind, id);
  };
  // The front as a staircase: what a budget of time buys.
  std::string front;
  double reached = 0;
  const auto best = frontier(without_errors(of));
  for (const std::size_t i : best) {
    const picture_point& at = *of.points[i];
    if (!front.empty()) front += fmt::format("{} {}\n", at.nanoseconds, reached);
    reached = at.quality;
    front += fmt::format("{} {}\n", at.nanoseconds, reached);
  }
  front += fmt::format("{} {}\n", x.high, reached);
  plot(front, fmt::format(" with lines lc {} lw 1.2 dt (5,3) title \"best for the time\"", cs::ink(axis_ink)), "front",
       "curve");
  for (const label& each : labels_of(of, y)) {
    const picture_point& at = *of.points[each.strategy];
    const strategy_info& info = strategies()[each.strategy];
    const std::string colour = cs::ink(ink_of(each.strategy));
    labels += fmt::format("set arrow from first {},{} to graph 1.01, graph {} nohead back lc {} lw .8\n",
                          at.nanoseconds, at.quality, each.at, cs::ink(grid_ink));
    labels +=
        fmt::format("set label \"{}\" at graph 1.02, graph {} left noenhanced tc {}\n", info.title, each.at, colour);
    if (at.error > 0) {
      const double low = std::max(y.low, at.quality - at.error), high = std::min(y.high, at.quality + at.error);
      plot(fmt::format("{} {} 0 {}\n", at.nanoseconds, low, high - low),
           fmt::format(" with vectors nohead lc {} lw 1 title \"{}, standard error\" noenhanced", colour, info.title),
           info.id + "-bar", "bars");
    }
    plot(fmt::format("{} {}\n", at.nanoseconds, at.quality),
         fmt::format(" with points lc {} {} title \"{}\" noenhanced", colour,
                     marks[static_cast<std::size_t>(info.kind)], info.title),
         info.id, "point");
  }
  const cs::y_axis axis{y.low, y.high, 5, 1, axis_ink, grid_ink};
  made.text = fmt::format(
      R"({begin}set logscale x
set xtics ("1 ns" 1, "" 10 1, "100 ns" 100, "" 1e3 1, "10 us" 1e4, "" 1e5 1, "1 ms" 1e6, "" 1e7 1, "100 ms" 1e8) offset 0,.45
set xrange [{fast}:{slow}]
set label "time a row" at graph .5, graph -.145 center tc {axis}
{labels}{data}plot \
{plots}
)",
      fmt::arg("begin", cs::begin_chart(of.id, box, axis)), fmt::arg("axis", cs::ink(axis_ink)),
      fmt::arg("fast", x.low), fmt::arg("slow", x.high), fmt::arg("labels", labels), fmt::arg("data", data),
      fmt::arg("plots", plots));
  return made;
}

// A folder that goes with its owner.
class scratch_folder {
 public:
  scratch_folder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "dynamicpo-picture-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error(pattern + ": cannot make a folder");
    path_ = pattern;
  }
  ~scratch_folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  scratch_folder(const scratch_folder&) = delete;
  scratch_folder& operator=(const scratch_folder&) = delete;
  std::filesystem::path operator/(const std::string& name) const { return path_ / name; }

 private:
  std::filesystem::path path_;
};

double geometric_mean_time(const std::vector<const data_result*>& data, std::size_t strategy) {
  double sum = 0;
  for (const data_result* each : data) sum += std::log(each->figures[strategy]->ns_per_row);
  return std::exp(sum / static_cast<double>(data.size()));
}

}  // namespace

picture picture_of_data(std::string id, std::string title, const std::vector<const data_result*>& data) {
  picture made{std::move(id), std::move(title), {}};
  for (std::size_t i = 0; i < strategies().size(); ++i) {
    made.points.emplace_back();
    if (data.empty() || !data.front()->figures[i]) continue;
    double sum = 0;
    for (const data_result* each : data) sum += each->figures[i]->f1();
    made.points.back() = {geometric_mean_time(data, i), sum / static_cast<double>(data.size())};
  }
  return made;
}

picture picture_of_training(const bench_results& results) {
  std::vector<const data_result*> timed, all;
  for (const data_result& each : results.data) {
    all.push_back(&each);
    if (each.data.id.starts_with("toy-")) timed.push_back(&each);
  }
  if (timed.empty()) timed = all;
  std::vector<std::vector<double>> arms;
  for (const auto& each : results.end_to_end) {
    if (each) arms.push_back(each->hit_ratio);
  }
  const auto summaries = cs::summarise_within_seeds(arms);
  picture made{"training", "HR@1 after training", {}};
  auto summary = summaries.begin();
  for (std::size_t i = 0; i < results.end_to_end.size(); ++i) {
    made.points.emplace_back();
    if (!results.end_to_end[i]) continue;
    const double error = std::isfinite(summary->standard_error) ? summary->standard_error : 0;
    if (!timed.empty()) made.points.back() = {geometric_mean_time(timed, i), summary->mean, error};
    ++summary;
  }
  return made;
}

std::vector<std::string> draw(const std::vector<picture>& pictures) {
  const scratch_folder folder;
  std::vector<script> scripts;
  const auto file = folder / "pictures.gp";
  {
    std::ofstream all{file};
    for (const picture& each : pictures) {
      scripts.push_back(script_of(each));
      all << scripts.back().text;
    }
  }
  if (!cs::run_gnuplot(file)) return {};
  std::vector<std::string> drawn;
  for (std::size_t i = 0; i < pictures.size(); ++i) {
    std::ifstream svg{folder / (pictures[i].id + ".svg"), std::ios::binary};
    if (!svg) throw std::runtime_error(pictures[i].id + ".svg: expected a drawing by gnuplot, found none");
    drawn.push_back(cs::embeddable({std::istreambuf_iterator<char>{svg}, {}},
                                   {"frontier-" + pictures[i].id, pictures[i].title, box.width, box.height},
                                   scripts[i].plotted, inks));
  }
  return drawn;
}

}  // namespace selection_bench
