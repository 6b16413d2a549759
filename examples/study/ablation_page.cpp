// SPDX-License-Identifier: MIT
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include "dynamicpo/version.hpp"
#include "study/ablations.hpp"
#include "study/html.hpp"

namespace collapse_study {
namespace {

// A difference with its standard error either way, on an axis of +-reach around the line of no difference.
std::string drawn(const comparison& compared, double reach) {
  constexpr double width = 120, middle = width / 2;
  const auto place = [&](double value) { return middle + std::clamp(value / reach, -1., 1.) * (middle - 4); };
  const double error = std::isfinite(compared.standard_error) ? compared.standard_error : 0;
  return fmt::format(
      "<svg viewBox=\"0 0 {0} 16\" width=\"{0}\" height=\"16\" aria-hidden=\"true\"><path d=\"M{1} 0V16\" "
      "stroke=\"var(--axis)\"/><path d=\"M{2:.1f} 8H{3:.1f}\" stroke=\"var(--dynamic)\" stroke-width=\"2\"/>"
      "<circle cx=\"{4:.1f}\" cy=\"8\" r=\"3.2\" fill=\"var(--dynamic)\"/></svg>",
      width, middle, place(compared.difference - error), place(compared.difference + error),
      place(compared.difference));
}

// The largest difference of a table with its error.
double reach_of(const ablation& asked, const ablation_results& results) {
  double reach = std::numeric_limits<double>::min();
  for (const ablation::row& row : asked.rows) {
    const comparison compared = results.against_base(asked, row);
    const double error = std::isfinite(compared.standard_error) ? compared.standard_error : 0;
    reach = std::max(reach, std::abs(compared.difference) + error);
  }
  return reach;
}

std::string table_html(const ablation& asked, const ablation_results& results) {
  const double reach = reach_of(asked, results);
  std::string html =
      "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Table\">\n<table>\n<thead><tr>"
      "<th scope=\"col\">Setting</th>";
  for (const char* column :
       {"rate", "epochs", "dev.", "HR@1", "difference", "", "p", "|B|", "beta", "|gradient|", "|update|"}) {
    html += fmt::format("<th scope=\"col\">{}</th>", column);
  }
  html += "</tr></thead>\n<tbody>\n";
  for (std::size_t i = 0; i < asked.rows.size(); ++i) {
    const ablation::row& row = asked.rows[i];
    const setting_result& found = results.of(row.setting);
    const sample_summary hits = summarise(found.evaluation);
    html += fmt::format("<tr><th scope=\"row\">{}</th><td>{}</td><td>{}</td><td>{}</td><td>{}<small>{}</small></td>",
                        escaped(row.label), found.arm.epochs == 0 ? "-" : fmt::format("{}", found.arm.learning_rate),
                        found.arm.epochs, std::isnan(found.development) ? "-" : number(found.development),
                        number(hits.mean), number(hits.deviation));
    if (row.base == i) {
      html += "<td>base</td><td></td><td></td>";
    } else {
      const comparison compared = results.against_base(asked, row);
      html += fmt::format("<td>{}{}<small>{}{}</small></td><td>{}</td><td>{}</td>", compared.difference < 0 ? "" : "+",
                          number(compared.difference), number(compared.standard_error),
                          row.base == 0 ? "" : fmt::format(", to {}", escaped(asked.rows[row.base].label)),
                          drawn(compared, reach), escaped(p_value(compared.p)));
    }
    for (const double figure : {found.selected_negatives, found.mean_beta, found.gradient_norm, found.update_norm}) {
      html += fmt::format("<td>{}</td>", measured(figure));
    }
    html += "</tr>\n";
  }
  return html + "</tbody>\n</table>\n</div>\n";
}

}  // namespace

void write_ablation_page(const ablation_plan& plan, const ablation_results& results,
                         const std::filesystem::path& folder) {
  std::string tables;
  for (const ablation& asked : plan.ablations) {
    tables += fmt::format("<section id=\"{}\">\n<h3>{}</h3>\n<p>{}</p>\n{}</section>\n", asked.id, escaped(asked.title),
                          prose(asked.question), table_html(asked, results));
  }
  const std::string body = fmt::format(
      R"html(<header>
<p class="kicker">dynamicpo {version}</p>
<h1>Which parts of DynamicPO matter?</h1>
<p class="lead">Ablations on {title} at K = {negatives}, {seeds} data seeds.</p>
<p class="how">HR@1 by likelihood on evaluation rows (dev.: on development rows, which chose rate and epochs), mean and
below it the standard deviation over seeds. Differences are paired over seeds, with their standard error below; drawn,
the line is no difference, and each table has a scale of its own. A row is compared with the first, unless another is
named. The last four columns are means over a training: negatives in a row's loss, their beta, L2 norms of a step's
gradient and update.</p>
</header>
<main>
<section>
<h2>What the figures show</h2>
<p>Above and below are said where a paired t test over seeds gives p&nbsp;&lt;&nbsp;.05.</p>
{findings}
</section>
<section>
<h2>All settings</h2>
{tables}
</section>
<section>
<h2>What the figures do not show</h2>
{caveats}
</section>
</main>
)html",
      fmt::arg("version", dynamicpo::version), fmt::arg("title", escaped(plan.source.title())),
      fmt::arg("negatives", plan.negatives), fmt::arg("seeds", plan.seeds.size()),
      fmt::arg("findings", groups_html(ablation_findings(plan, results))), fmt::arg("tables", tables),
      fmt::arg("caveats", list_html(ablation_caveats())));
  write_page(folder / "ablations.html", page_html("Ablations of DynamicPO", body));
}

}  // namespace collapse_study
