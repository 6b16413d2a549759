// SPDX-License-Identifier: MIT
#include "study/charts.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <iterator>
#include <limits>
#include <span>
#include <stdexcept>
#include <string_view>
#include <utility>

#include "study/findings.hpp"
#include "study/gnuplot.hpp"
#include "study/statistics.hpp"
#include "study/svg.hpp"

namespace collapse_study {
namespace {

constexpr chart_box box{.width = 300, .height = 200, .left = 46, .right = 38, .top = 9, .bottom = 26};

constexpr std::string_view inks[]{"--paper",     "--vanilla",   "--dynamic", "--selection-only",
                                  "--beta-only", "--reference", "--axis",    "--grid"};
constexpr int first_variant_ink = 1, reference_ink = 5, axis_ink = 6, grid_ink = 7;

// What tells the variants apart besides colour: dashes and markers.
constexpr std::string_view strokes[]{"lw 1.6 dt 1 pt 7 ps .4", "lw 2.4 dt 1 pt 5 ps .4", "lw 1.6 dt (6,3) pt 9 ps .5",
                                     "lw 1.6 dt (2,2) pt 13 ps .5"};

struct point {
  double x, y, error;
};
struct curve {
  std::string id, title;
  std::string style;  // of its line, after "with"
  int ink;
  std::vector<point> points;
};
struct reference_line {
  std::string id, title, label;
  double level;
};
struct range {
  double low = std::numeric_limits<double>::infinity(), high = -low;
  void take(double value) {
    if (!std::isfinite(value)) return;
    low = std::min(low, value);
    high = std::max(high, value);
  }
  double span() const { return high - low; }
};
struct drawing {
  std::string id, title, note;
  std::vector<curve> curves;
  std::vector<reference_line> references;
  range y;
};

std::vector<curve> curves_of(const study_plan& plan, const study_results& results, const metric& shown,
                             const panel& of) {
  std::vector<std::vector<double>> arms;
  for (const variant kind : variants) {
    for (const std::size_t count : plan.negatives) {
      arms.push_back(results.each_seed(plan.arm(of, kind, count), shown.figure));
    }
  }
  const auto summaries = summarise_within_seeds(arms);
  std::vector<curve> curves;
  auto figure = summaries.begin();
  for (std::size_t i = 0; i < variants.size(); ++i) {
    curve one{std::string{name(variants[i])},
              std::string{title(variants[i])},
              fmt::format("linespoints {}", strokes[i]),
              first_variant_ink + static_cast<int>(i),
              {}};
    for (const std::size_t count : plan.negatives) {
      // Side by side, so that bars of equal height can be told apart.
      const double x = static_cast<double>(count) + .16 * (static_cast<double>(i) - 1.5);
      if (std::isfinite(figure->mean)) one.points.push_back({x, figure->mean, figure->standard_error});
      ++figure;
    }
    if (!one.points.empty()) curves.push_back(std::move(one));
  }
  return curves;
}

std::vector<reference_line> references_of(const study_results& results, const metric& shown, const panel& of) {
  std::vector<reference_line> lines;
  const auto level = [&](auto figure) { return summarise(results.each_seed(figure)).mean; };
  if (shown.supervised) {
    lines.push_back(
        {"sft", "SFT", "SFT", level([&](const seed_result& seed) { return shown.supervised(seed, of.objective); })});
  }
  if (shown.popularity) {
    lines.push_back(
        {"popularity", "Popularity", "pop.", level([](const seed_result& seed) { return seed.popularity; })});
  }
  std::ranges::sort(lines, {}, &reference_line::level);
  return lines;
}

range extent(const drawing& one) {
  range y;
  for (const curve& drawn : one.curves) {
    for (const point& at : drawn.points) {
      y.take(at.y);
      y.take(at.y - at.error);
      y.take(at.y + at.error);
    }
  }
  return y;
}

// One axis for all of `group`. It holds their curves; a reference joins unless it would leave them less than 40 % of
// it.
void share_axis(std::span<drawing> group) {
  range y;
  for (const drawing& one : group) {
    const range own = extent(one);
    y.take(own.low);
    y.take(own.high);
  }
  const double room = y.span() / .4;
  for (drawing& one : group) {
    std::erase_if(one.references, [&](const reference_line& line) {
      range wider = y;
      wider.take(line.level);
      if (wider.span() <= room) {
        y = wider;
        return false;
      }
      one.note += fmt::format("{}{} is at {}, {} this axis.", one.note.empty() ? "" : " ", line.title,
                              number(line.level), line.level < y.low ? "below" : "above");
      return true;
    });
  }
  const double margin = std::max(.07 * y.span(), 1e-6);
  for (drawing& one : group) one.y = {y.low - margin, y.high + margin};
}

constexpr double last_x = 20;

// The names of what script_of plots, in order.
std::vector<std::pair<std::string, std::string>> plotted(const drawing& one) {
  std::vector<std::pair<std::string, std::string>> names;
  for (const reference_line& line : one.references) names.emplace_back("curve", line.id);
  for (const curve& drawn : one.curves) {
    if (std::isfinite(drawn.points.front().error)) names.emplace_back("bars", drawn.id + "-bars");
    names.emplace_back("curve", drawn.id);
  }
  return names;
}

std::string script_of(const drawing& one, std::span<const std::size_t> negatives) {
  std::string data, plots;
  const auto plot = [&](const std::vector<point>& points, const std::string& style, std::string_view title,
                        std::string_view columns = "") {
    const std::string block = fmt::format("$plot{}", std::ranges::count(plots, '\n'));
    data += block + " << EOD\n";
    for (const auto& [x, y, error] : points) data += fmt::format("{} {} {}\n", x, y, std::isfinite(error) ? error : 0);
    data += "EOD\n";
    plots += fmt::format("  {}{} with {} title \"{}\", \\\n", block, columns, style, title);
  };
  std::string labels;
  double lowest_label = -1;
  for (const reference_line& line : one.references) {
    plot({{0, line.level, 0}, {last_x, line.level, 0}}, fmt::format("lines lc {} dt (4,3)", ink(reference_ink)),
         line.title);
    // Lines that all but coincide keep their labels apart.
    const double at = std::max((line.level - one.y.low) / one.y.span(), lowest_label + .08);
    lowest_label = at;
    labels += fmt::format("set label \"{}\" at graph 1.02, graph {} left tc {}\n", line.label, at, ink(reference_ink));
  }
  for (const curve& drawn : one.curves) {
    if (std::isfinite(drawn.points.front().error)) {
      plot(drawn.points, fmt::format("vectors nohead lc {} lw 1.1 dt 1", ink(drawn.ink)),
           drawn.title + ", standard error", " using 1:($2-$3):(0):(2*$3)");
    }
    plot(drawn.points, fmt::format("{} lc {}", drawn.style, ink(drawn.ink)), drawn.title);
  }
  const y_axis y{one.y.low, one.y.high, 4, 0, axis_ink, grid_ink};
  return fmt::format(
      R"({begin}set xtics ({ticks}) offset 0,.45
set xrange [0:{last}]
set label "K" at graph 1.02, graph -.09 left tc {axis}
{labels}{data}plot \
{plots}
)",
      fmt::arg("begin", begin_chart(one.id, box, y)), fmt::arg("ticks", fmt::join(negatives, ",")),
      fmt::arg("last", last_x), fmt::arg("axis", ink(axis_ink)), fmt::arg("labels", labels), fmt::arg("data", data),
      fmt::arg("plots", plots.substr(0, plots.size() - 4)));
}

std::string read_file(const std::filesystem::path& file) {
  std::ifstream stream{file, std::ios::binary};
  if (!stream) throw std::runtime_error(file.string() + ": cannot read");
  return {std::istreambuf_iterator<char>{stream}, {}};
}

}  // namespace

std::vector<chart_row> draw_charts(const study_plan& plan, const study_results& results,
                                   const std::vector<metric>& shown, const std::filesystem::path& folder) {
  std::vector<std::vector<drawing>> rows;
  std::string script;
  for (const metric& which : shown) {
    std::vector<drawing> row;
    for (const panel& of : plan.panels) {
      row.push_back({fmt::format("chart-{}-{}", which.id, of.id()),
                     fmt::format("{}: {}", which.title, of.title()),
                     {},
                     curves_of(plan, results, which, of),
                     references_of(results, which, of),
                     {}});
    }
    const std::span all{row};
    if (which.shared_axis) {
      share_axis(all);
    } else {
      for (std::size_t i = 0; i < row.size(); ++i) share_axis(all.subspan(i, 1));
    }
    for (const drawing& one : row) script += script_of(one, plan.negatives);
    rows.push_back(std::move(row));
  }

  std::filesystem::create_directories(folder);
  const auto file = folder / "charts.gp";
  std::ofstream{file} << script;
  const bool drawn = run_gnuplot(file);
  std::vector<chart_row> charts;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    charts.push_back({&shown[i], {}});
    for (const drawing& one : rows[i]) {
      charts.back().charts.push_back({drawn ? embeddable(read_file(folder / (one.id + ".svg")),
                                                         {one.id, one.title, box.width, box.height}, plotted(one), inks)
                                            : std::string{},
                                      one.note});
    }
  }
  return charts;
}

}  // namespace collapse_study
