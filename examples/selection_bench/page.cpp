// SPDX-License-Identifier: MIT
#include "selection_bench/page.hpp"

#include <fmt/format.h>

#include <cmath>
#include <vector>

#include "dynamicpo/version.hpp"
#include "selection_bench/findings.hpp"
#include "selection_bench/picture.hpp"
#include "selection_bench/table.hpp"
#include "study/html.hpp"

namespace selection_bench {
namespace {

using collapse_study::escaped;
using collapse_study::list_html;
using collapse_study::prose;

constexpr char own_style[] = R"css(
.pair { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 22rem), 26rem)); gap: 1.5rem; }
.pair figcaption { margin-bottom: .25rem; }
.figures { min-width: min(100%, 40rem); }
)css";

constexpr char legend[] = R"html(<ul class="legend" aria-label="Marks">
<li style="--ink: var(--dynamic)"><svg viewBox="0 0 32 16" aria-hidden="true"><path d="M12 4h8v8h-8z" class="mark"/></svg>exact boundary</li>
<li style="--ink: var(--vanilla)"><svg viewBox="0 0 32 16" aria-hidden="true"><path d="M16 3l5 9h-10z" class="mark"/></svg>KMeans, the published way</li>
<li style="--ink: var(--reference)"><svg viewBox="0 0 32 16" aria-hidden="true"><circle cx="16" cy="8" r="4" class="mark"/></svg>other rules</li>
<li style="--ink: var(--axis)"><svg viewBox="0 0 32 16" aria-hidden="true"><path d="M2 8H30" stroke-dasharray="5 3"/></svg>the best for the time</li>
</ul>
)html";

std::string figure_html(const std::string& caption, const std::string& note, const std::string& svg) {
  return fmt::format("<figure>\n<figcaption><strong>{}</strong> {}</figcaption>\n{}\n</figure>\n", escaped(caption),
                     prose(note), svg);
}

std::string table_html(const std::string& name, const std::vector<const char*>& heads,
                       const std::vector<std::vector<std::string>>& rows) {
  std::string html = fmt::format(
      "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"{}\">\n<table class=\"figures\">\n<thead><tr>",
      escaped(name));
  for (const char* head : heads) html += fmt::format("<th scope=\"col\">{}</th>", head);
  html += "</tr></thead>\n<tbody>\n";
  for (const auto& row : rows) {
    html += fmt::format("<tr><th scope=\"row\">{}</th>", escaped(row.front()));
    if (row.size() == 2) {  // a reason instead of figures
      html += fmt::format("<td colspan=\"{}\">{}</td>", heads.size() - 1, escaped(row.back()));
    } else {
      for (std::size_t i = 1; i < row.size(); ++i) html += fmt::format("<td>{}</td>", escaped(row[i]));
    }
    html += "</tr>\n";
  }
  return html + "</tbody>\n</table>\n</div>\n";
}

std::string data_table(const bench_results& results, const data_result& of) {
  std::vector<std::vector<std::string>> rows;
  for (std::size_t i = 0; i < of.figures.size(); ++i) {
    rows.push_back({strategies()[i].title});
    if (!of.figures[i]) {
      rows.back().push_back("skipped: " + results.absent[i]);
      continue;
    }
    const quality& q = *of.figures[i];
    for (const double share : {q.recall, q.precision, q.f1(), q.agreement, q.order_invariance}) {
      rows.back().push_back(short_share(share));
    }
    rows.back().push_back(fmt::format("{:.2f}", q.selected));
    rows.back().push_back(short_share(q.empty_rows));
    rows.back().push_back(short_share(q.gradient_share));
    rows.back().push_back(short_time(q.ns_per_row));
  }
  return table_html(of.data.title,
                    {"", "recall", "precision", "F1", "exact", "order", "negs/row", "empty", "gradient", "ns/row"},
                    rows);
}

std::string training_table(const bench_results& results) {
  std::vector<std::vector<std::string>> rows;
  for (std::size_t i = 0; i < results.end_to_end.size(); ++i) {
    rows.push_back({strategies()[i].title});
    const auto& of = results.end_to_end[i];
    if (!of) {
      rows.back().push_back(results.absent[i].empty() ? "not trained with --quick" : "skipped: " + results.absent[i]);
      continue;
    }
    const auto& against = of->against_boundary;
    rows.back().push_back(short_figure(of->summary.mean));
    rows.back().push_back(short_figure(of->half_width));
    rows.back().push_back(fmt::format("{}{}", of->rate, of->chosen_rate ? "" : " (the boundary's)"));
    rows.back().push_back(i == 0 ? "" : fmt::format("{:+.4f}", against.difference));
    rows.back().push_back(i == 0 ? "" : short_p(against.p));
    rows.back().push_back(fmt::format("{:.2f}", of->selected));
  }
  return table_html("HR@1 after training", {"", "HR@1", "&plusmn;", "rate", "minus ours", "p", "negs/row"}, rows);
}

struct drawings {
  std::vector<picture> pictures;
  std::vector<std::string> captions, notes, svg;
};

drawings draw_all(const bench_results& results) {
  drawings all;
  const auto add = [&](picture one, std::string note) {
    all.captions.push_back(one.title);
    all.notes.push_back(std::move(note));
    all.pictures.push_back(std::move(one));
  };
  std::vector<const data_result*> labelled;
  for (const data_result& each : results.data) {
    if (each.data.labelled) labelled.push_back(&each);
  }
  if (!labelled.empty()) {
    add(picture_of_data("synthetic", "F1 on known boundaries", labelled),
        fmt::format("mean over the {} synthetic data sets", labelled.size()));
  }
  if (!results.end_to_end.empty() && !results.data.empty()) {
    add(picture_of_training(results),
        fmt::format("toy LLM, {} seed{}", results.options.seeds, results.options.seeds == 1 ? "" : "s"));
  }
  for (const data_result& each : results.data) {
    add(picture_of_data("data-" + each.data.id, each.data.title, {&each}), each.data.meaning);
  }
  if (!all.pictures.empty()) all.svg = draw(all.pictures);
  return all;
}

std::string data_html(const bench_results& results, const drawings& drawn, std::size_t first) {
  std::string html;
  for (std::size_t i = 0; i < results.data.size(); ++i) {
    const data_result& of = results.data[i];
    html += fmt::format(
        "<h3>{}</h3>\n<p>{}. {} rows, {:.2f} of {:.3g} negatives on the true boundary ({}); a violator "
        "in {} of the rows.</p>\n",
        escaped(of.data.title), prose(of.data.meaning), of.data.scores.rows(), of.boundary, of.negatives,
        of.data.labelled ? "the generator's" : "the exact one, by trying all partitions", short_share(of.violated));
    if (!drawn.svg.empty()) {
      html += fmt::format("<div class=\"pair\">\n{}</div>\n", figure_html("F1 against time", "", drawn.svg[first + i]));
    }
    html += data_table(results, of);
  }
  return html;
}

std::string strategies_html() {
  std::string html = "<dl>\n";
  for (const strategy_info& each : strategies()) {
    html += fmt::format("<dt>{}</dt><dd>{}</dd>\n", escaped(each.title), escaped(each.meaning));
  }
  return html + "</dl>\n";
}

std::string training_html(const bench_results& results) {
  if (results.end_to_end.empty()) return "";
  const bench_options& options = results.options;
  return fmt::format(
      "<section>\n<h2>What training makes of it</h2>\n<p>The toy LLM after supervised fine-tuning (HR@1 {}), then "
      "DMPO, "
      "beta 1, over the selected: the same rows, order, K = {} drawn negatives and three epochs for all. The learning "
      "rate is each strategy's best of {} on development rows; KMeans, slow as it is, gets the boundary's. {} seeds, "
      "each with a catalogue, rows and model of its own; intervals are 95 % of the mean, by Student's t; p is of the "
      "paired difference.</p>\n{}</section>\n",
      short_figure(collapse_study::summarise(results.supervised).mean), options.negatives,
      fmt::format("{}", fmt::join(options.rates, ", ")), options.seeds, training_table(results));
}

}  // namespace

page make_page(const bench_results& results, const std::string& machine) {
  const drawings drawn = draw_all(results);
  const std::size_t main_pictures = drawn.pictures.size() - results.data.size();
  std::string pictures = legend;
  pictures += "<div class=\"pair\">\n";
  for (std::size_t i = 0; i < (drawn.svg.empty() ? 0 : main_pictures); ++i) {
    pictures += figure_html(drawn.captions[i], drawn.notes[i], drawn.svg[i]);
  }
  pictures += "</div>\n";
  if (drawn.pictures.empty()) {
    pictures.clear();
  } else if (drawn.svg.empty()) {
    pictures =
        "<p><strong>Gnuplot is not installed, so there are no pictures.</strong> Install it (Debian: "
        "gnuplot-nox) and run again.</p>\n";
  }
  std::vector<std::string> skipped;
  for (std::size_t i = 0; i < results.absent.size(); ++i) {
    if (!results.absent[i].empty()) skipped.push_back(strategies()[i].title + ": " + results.absent[i]);
  }

  const std::string body = fmt::format(
      R"html(<header>
<p class="kicker">dynamicpo {version}</p>
<h1>Which negatives matter?</h1>
<p class="lead">Ways to select them, by what they find and what they cost.</p>
<p class="how">Time to the right on a logarithmic axis, quality upward: up and to the left is better. Bars are one
standard error either way, without what a seed adds to all alike.</p>
</header>
<main>
{pictures}
{skipped}
<section>
<h2>What the figures show</h2>
{findings}
</section>
{training}
<section>
<h2>Row by row</h2>
<p>Recall and precision: of the true boundary, over all rows together. Exact: share of rows whose set is the exact
boundary. Order: share of rows whose set stays the same when the negatives are permuted. Empty: share of rows of which
nothing is selected. Gradient: share of DMPO's gradient over the selected that falls on the true boundary.</p>
{data}
</section>
<section>
<h2>The strategies</h2>
{strategies}
<p>k = {count}, margin {margin} nats. Three natural breaks are the exact 3-means, so the Jenks cut is no rival but a
check: another algorithm that must find our sets.</p>
</section>
<section>
<h2>What was run</h2>
<p>{machine}. Times: median of {rounds} rounds by turns, one thread, all rows of a data set in one call; KMeans by the
processor time of its process, one pass{peer}. Seed {seed}.</p>
</section>
</main>
)html",
      fmt::arg("version", dynamicpo::version), fmt::arg("pictures", pictures),
      fmt::arg("skipped", skipped.empty() ? "" : "<h2>Skipped</h2>\n" + list_html(skipped)),
      fmt::arg("findings", list_html(findings(results))), fmt::arg("training", training_html(results)),
      fmt::arg("data", data_html(results, drawn, main_pictures)), fmt::arg("strategies", strategies_html()),
      fmt::arg("count", results.options.strategies.count), fmt::arg("margin", results.options.strategies.margin),
      fmt::arg("machine", escaped(machine)), fmt::arg("peer", results.peer.empty() ? "" : ", " + escaped(results.peer)),
      fmt::arg("rounds", results.options.rounds), fmt::arg("seed", results.options.seed));
  return {collapse_study::page_html("Ways to select negatives", body, own_style),
          drawn.svg.size() == drawn.pictures.size()};
}

}  // namespace selection_bench
