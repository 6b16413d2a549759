// SPDX-License-Identifier: MIT
#include "study/report.hpp"

#include <fmt/format.h>

#include <fstream>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>

#include "dynamicpo/version.hpp"
#include "study/charts.hpp"
#include "study/findings.hpp"
#include "study/html.hpp"
#include "study/page_style.hpp"
#include "study/table.hpp"

namespace collapse_study {
namespace {

std::string groups_html(const std::vector<finding_group>& groups) {
  std::string html = "<div class=\"groups\">\n";
  for (const finding_group& group : groups) {
    html += fmt::format("<section>\n<h3>{}</h3>\n<ul>\n", escaped(group.heading));
    for (const auto& [claim, evidence] : group.findings) {
      html += fmt::format("<li>{}{}</li>\n", prose(claim),
                          evidence.empty() ? "" : fmt::format(" <small>{}</small>", prose(evidence)));
    }
    html += "</ul>\n</section>\n";
  }
  return html + "</div>\n";
}

std::string legend_html(const metric& shown) {
  // The dashes and markers of the charts.
  constexpr std::string_view marks[]{
      R"(<path d="M2 8H30"/><circle cx="16" cy="8" r="3.2" class="mark"/>)",
      R"(<path d="M2 8H30" stroke-width="3"/><path d="M13 5h6v6h-6z" class="mark"/>)",
      R"(<path d="M2 8H30" stroke-dasharray="6 3"/><path d="M16 3.6l4 7h-8z" class="mark"/>)",
      R"(<path d="M2 8H30" stroke-dasharray="2 2"/><path d="M16 4l4 4-4 4-4-4z" class="mark"/>)"};
  std::string html = "<ul class=\"legend\" aria-label=\"Curves\">\n";
  for (std::size_t i = 0; i < variants.size(); ++i) {
    html +=
        fmt::format("<li style=\"--ink: var(--{})\"><svg viewBox=\"0 0 32 16\" aria-hidden=\"true\">{}</svg>{}</li>\n",
                    name(variants[i]), marks[i], title(variants[i]));
  }
  if (shown.supervised) {
    html += fmt::format(
        "<li style=\"--ink: var(--reference)\"><svg viewBox=\"0 0 32 16\" aria-hidden=\"true\">"
        "<path d=\"M2 8H30\" stroke-dasharray=\"4 3\"/></svg>SFT{}</li>\n",
        shown.popularity ? ", popularity (pop.)" : "");
  }
  return html + "</ul>\n";
}

std::string charts_html(const study_plan& plan, std::span<const chart_row> rows) {
  std::string html;
  for (const chart_row& row : rows) {
    html += fmt::format("<section class=\"metric\" id=\"{}\">\n<h3>{}</h3>\n<p>{}</p>\n{}<div class=\"multiples\">\n",
                        row.shown->id, escaped(row.shown->title), escaped(row.shown->meaning), legend_html(*row.shown));
    for (std::size_t i = 0; i < row.charts.size(); ++i) {
      const panel& of = plan.panels[i];
      html += fmt::format("<figure>\n<figcaption><strong>{}</strong> rate {}{}</figcaption>\n{}\n", title(of.objective),
                          of.learning_rate, of.aggressive ? ", aggressive" : "", row.charts[i].svg);
      if (!row.charts[i].note.empty()) html += fmt::format("<p class=\"note\">{}</p>\n", prose(row.charts[i].note));
      html += "</figure>\n";
    }
    html += "</div>\n</section>\n";
  }
  return html;
}

std::string table_html(const summary_table& table) {
  // Shares in three digits, short enough for six columns on a phone.
  const auto short_number = [](double share) {
    return share < .9995 ? fmt::format("{:.3f}", share).substr(1) : "1.00";
  };
  const auto cell = [&](const sample_summary& figure, std::size_t span) {
    return fmt::format("<td{}>{}{}</td>", span > 1 ? fmt::format(" colspan=\"{}\"", span) : "",
                       short_number(figure.mean),
                       figure.count > 1 ? fmt::format("<small>{}</small>", short_number(figure.deviation)) : "");
  };
  std::string html = "<table>\n<thead><tr><th scope=\"col\">K</th>";
  for (const std::size_t count : table.columns) html += fmt::format("<th scope=\"col\">{}</th>", count);
  html += "</tr></thead>\n";
  for (const auto& block : table.blocks) {
    html += fmt::format("<tbody>\n<tr class=\"block\"><th scope=\"rowgroup\" colspan=\"{}\">{}</th></tr>\n",
                        table.columns.size() + 1, escaped(block.title));
    for (const auto& row : block.rows) {
      html += fmt::format("<tr><th scope=\"row\">{}</th>", escaped(row.label));
      for (const auto& figure : row.figures) html += cell(figure, table.columns.size() / row.figures.size());
      html += "</tr>\n";
    }
    html += "</tbody>\n";
  }
  return html + "</table>\n";
}

std::string list_html(const std::vector<std::string>& lines) {
  std::string html = "<ul>\n";
  for (const std::string& line : lines) html += fmt::format("<li>{}</li>\n", escaped(line));
  return html + "</ul>\n";
}

std::string run_html(const study_plan& plan, const study_results& results) {
  const json data = plan.source.identity();
  const auto count = [&](const char* field) { return data.at(field).get<std::size_t>(); };
  std::string rates;
  for (const panel& shown : plan.panels) rates += fmt::format("{}{}", rates.empty() ? "" : "; ", shown.title());
  const std::pair<const char*, std::string> facts[]{
      {"Data", plan.source.title()},
      {"Rows", fmt::format("{} to train on, {} for development, {} for evaluation{}", count("train_rows"),
                           count("development_rows"), count("evaluation_rows"),
                           plan.source.is_synthetic() ? ", each seed" : "")},
      {"Seeds", fmt::format("{} ({})", plan.seeds.size(),
                            plan.source.is_synthetic() ? "each draws catalogue, rows and model"
                                                       : "each draws model and negatives")},
      {"Runs", fmt::format("{}: {} variants, K in {{{}}}, {} epochs of preference training, beta 1",
                           results.runs.size(), variants.size(), fmt::join(plan.negatives, ", "), plan.epochs)},
      {"Learning rates", rates},
      {"Supervised fine-tuning",
       fmt::format("{} epoch{}, rate {}; its copy is the frozen reference", count("supervised_epochs"),
                   count("supervised_epochs") == 1 ? "" : "s", data.at("supervised_rate").get<double>())},
      {"Program", fmt::format("dynamicpo {}", dynamicpo::version)}};
  std::string html = "<dl>\n";
  for (const auto& [term, text] : facts) html += fmt::format("<dt>{}</dt><dd>{}</dd>\n", term, escaped(text));
  return html + "</dl>\n";
}

}  // namespace

bool write_report(const study_plan& plan, const study_results& results, const std::filesystem::path& folder) {
  const auto shown = metrics(plan.source.is_synthetic());
  const auto rows = draw_charts(plan, results, shown, folder / "charts");
  const bool drawn = !rows.front().charts.front().svg.empty();
  const std::span all{rows};
  const std::string no_gnuplot =
      "<p><strong>Gnuplot is not installed, so there are no charts.</strong> Install it (Debian: gnuplot-nox) and run "
      "the study again: its results are kept.</p>\n";

  const std::string page = fmt::format(
      R"html(<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Collapse study: {title}</title>
<style>{style}</style>
</head>
<body>
<header>
<p class="kicker">dynamicpo {version}</p>
<h1>Do more negatives help?</h1>
<p class="lead">A toy language model learns preferences on {title}, with K = {first} to {last} negatives a row.
{scope}.</p>
<p class="how">Points are means over seeds. Bars, one standard error either way, leave out what a seed adds to all arms
of its chart alike. Charts of one row share their vertical axis, those of the training loss excepted.</p>
</header>
<main>
{main_chart}
<section>
<h2>What the figures show</h2>
<p>Changes and differences are called so where a paired t test over seeds gives p&nbsp;&lt;&nbsp;.05, and not
clear where it does not.</p>
{findings}
</section>
<section>
<h2>Further figures against K</h2>
{charts}
</section>
<section>
<h2>HR@1 by likelihood, all arms</h2>
<p>Mean, and below it the standard deviation over seeds.</p>
<div class="scroll" tabindex="0" role="region" aria-label="Table of HR@1">
{table}
</div>
</section>
<section>
<h2>Two explanations</h2>
{explanations}
</section>
<section>
<h2>What was run</h2>
{run}
</section>
<section>
<h2>What the figures do not show</h2>
{caveats}
</section>
</main>
</body>
</html>
)html",
      fmt::arg("title", escaped(plan.source.title())), fmt::arg("style", page_style),
      fmt::arg("version", dynamicpo::version), fmt::arg("first", plan.negatives.front()),
      fmt::arg("last", plan.negatives.back()), fmt::arg("scope", scope(plan)),
      fmt::arg("findings", groups_html(findings(plan, results))),
      fmt::arg("main_chart", drawn ? charts_html(plan, all.first(1)) : no_gnuplot),
      fmt::arg("charts", drawn ? charts_html(plan, all.subspan(1)) : no_gnuplot),
      fmt::arg("table", table_html({plan, results})),
      fmt::arg("explanations", groups_html(explanations(plan, results))), fmt::arg("run", run_html(plan, results)),
      fmt::arg("caveats", list_html(caveats(plan))));

  const auto file = folder / "report.html";
  std::ofstream stream{file, std::ios::binary};
  stream << page;
  if (!stream.flush()) throw std::runtime_error(file.string() + ": cannot write");
  return drawn;
}

}  // namespace collapse_study
