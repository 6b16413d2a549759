// SPDX-License-Identifier: MIT
#include <fmt/format.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>

#include "cli/commands.hpp"
#include "cli/number_checks.hpp"
#include "study/ablations.hpp"
#include "study/findings.hpp"
#include "study/plan.hpp"
#include "study/report.hpp"
#include "study/study.hpp"
#include "study/table.hpp"
#include "study/tune.hpp"

namespace cli {
namespace {

namespace cs = collapse_study;

struct study_options {
  std::string output = "dynamicpo-study";
  std::string data;
  std::size_t seeds = 0;  // as many as the kind of study has by default
  std::size_t threads = std::max(1u, std::thread::hardware_concurrency());
  std::vector<cs::objective_kind> objectives;
  bool quick = false, tune = false, ablations = false;
};

// One line on standard error while that is a terminal.
class progress_line {
 public:
  void operator()(double share) {
    if (!terminal_) return;
    const std::chrono::duration<double> spent = std::chrono::steady_clock::now() - start_;
    fmt::print(stderr, "\r{:3.0f} %, about {:.0f} s left \x1b[K", 100 * share, spent.count() * (1 - share) / share);
    if (share >= 1 - 1e-9) fmt::print(stderr, "\r\x1b[K");
    std::fflush(stderr);
  }

 private:
  bool terminal_ = ::isatty(STDERR_FILENO) == 1;
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

// Filled in lines of at most `width` characters.
std::string wrapped(std::string_view text, std::size_t width, std::string_view first, std::string_view rest) {
  std::string lines{first}, indent{rest};
  std::size_t column = first.size();
  while (!text.empty()) {
    const std::string_view word = text.substr(0, text.find(' '));
    text.remove_prefix(std::min(text.size(), word.size() + 1));
    if (column > rest.size() && column + 1 + word.size() > width) {
      lines += '\n' + indent;
      column = rest.size();
    } else if (column > rest.size()) {
      lines += ' ';
      ++column;
    }
    lines += word;
    column += word.size();
  }
  return lines + '\n';
}

void print_groups(const std::vector<cs::finding_group>& groups) {
  constexpr std::size_t width = 110;
  for (const cs::finding_group& group : groups) {
    fmt::print("\n{}\n", group.heading);
    for (const auto& [claim, evidence] : group.findings) {
      fmt::print("{}", wrapped(claim, width, "- ", "  "));
      if (!evidence.empty()) fmt::print("{}", wrapped(fmt::format("[{}]", evidence), width, "  ", "  "));
    }
  }
}

void run_collapse(const cs::data_source& source, const study_options& options, const cs::execution& how) {
  const cs::study_plan plan =
      cs::make_plan(source, {.seeds = options.seeds, .objectives = options.objectives, .quick = options.quick});
  const cs::study_results results = cs::run_study(plan, how);
  const bool charts = cs::write_report(plan, results, how.folder);

  fmt::print("HR@1 by likelihood on {}: mean (standard deviation), {}\n\n{}", source.title(), cs::scope(plan),
             cs::to_text({plan, results}));
  print_groups(cs::findings(plan, results));
  print_groups(cs::explanations(plan, results));
  fmt::print("\n{} runs\nresults: {}\nreport:  {}\n", results.runs.size(), (how.folder / "results.jsonl").string(),
             (how.folder / "report.html").string());
  if (!charts) {
    fmt::print(stderr,
               "dynamicpo study: gnuplot is not installed, so the report has no charts; install it (Debian: "
               "gnuplot-nox) and run again\n");
  }
}

void run_tune(const cs::data_source& source, const study_options& options, const cs::execution& how) {
  const cs::tune_plan plan =
      cs::make_tune_plan(source, {.seeds = options.seeds, .objectives = options.objectives, .quick = options.quick});
  const cs::tune_results results = cs::run_tune(plan, how);
  fmt::print(
      "Arms at K = {} on {}, learning rate and epochs of each chosen on development rows alone; {} seeds; differences\n"
      "are paired over seeds\n\n{}",
      plan.negatives, source.title(), plan.seeds.size(), cs::to_text(plan, results));
  print_groups(cs::tune_findings(plan, results));
  fmt::print("\nresults: {}\nchoices: {} (to be the defaults, put them into examples/study/tuned.json)\n",
             (how.folder / "tune.jsonl").string(), (how.folder / "tuned.json").string());
}

void run_ablations(const cs::data_source& source, const study_options& options, const cs::execution& how) {
  const cs::ablation_plan plan = cs::make_ablation_plan(source, {.seeds = options.seeds, .quick = options.quick});
  const cs::ablation_results results = cs::run_ablations(plan, how);
  cs::write_ablation_page(plan, results, how.folder);
  fmt::print(
      "Ablations at K = {} on {}, {} seeds; learning rate and epochs of each setting were\n"
      "chosen on development rows alone (SFT: no training); differences are paired over seeds; the last four columns\n"
      "are means over a training: negatives in a row's loss, their beta, L2 norms of a step's gradient and "
      "update\n\n{}",
      plan.negatives, source.title(), plan.seeds.size(), cs::to_text(plan, results));
  print_groups(cs::ablation_findings(plan, results));
  fmt::print("\nresults: {}\nreport:  {}\n", (how.folder / "ablations.jsonl").string(),
             (how.folder / "ablations.html").string());
}

void run_study(study_options options, const std::vector<std::string>& objectives) {
  const auto start = std::chrono::steady_clock::now();
  const auto source = options.data.empty()
                          ? cs::data_source::synthetic({.evaluation_rows = options.quick ? 1000u : 4000u})
                          : cs::data_source::real(options.data);
  for (const std::string& name : objectives) options.objectives.push_back(cs::parse_objective(name));
  if (objectives.empty()) options.objectives.assign(cs::objectives.begin(), cs::objectives.end());
  if (options.seeds == 0) options.seeds = options.quick ? 2 : options.tune ? 12 : options.ablations ? 8 : 7;
  const cs::execution how{.folder = options.output, .threads = options.threads, .progress = progress_line{}};
  const auto run = options.tune ? run_tune : options.ablations ? run_ablations : run_collapse;
  run(source, options, how);
  const std::chrono::duration<double> spent = std::chrono::steady_clock::now() - start;
  fmt::print("{:.1f} s on {} threads\n", spent.count(), options.threads);
}

}  // namespace

void add_study(CLI::App& app) {
  const auto options = std::make_shared<study_options>();
  const auto objectives = std::make_shared<std::vector<std::string>>();
  CLI::App* const command = app.add_subcommand(
      "study", "Trains the toy LLM under every loss and K, and shows where more negatives stop helping");
  command->add_option("--output", options->output, "folder of the results; what it holds is kept, the rest is run")
      ->capture_default_str();
  CLI::Option* const data =
      command
          ->add_option(
              "--data", options->data,
              "JSON rows {\"historyList\": \"a::b\", \"itemList\": [..], \"trueSelection\": ..}: a file, or a folder "
              "whose *-val.json trains and *-test.json evaluates; without it, a synthetic catalogue")
          ->check(CLI::ExistingPath);
  CLI::Option* const some = command->add_option("--objectives", *objectives, "some of dmpo, sdpo, mppo; all by default")
                                ->delimiter(',')
                                ->check(CLI::IsMember({"dmpo", "sdpo", "mppo"}));
  command
      ->add_option("--seeds", options->seeds,
                   "synthetic: data sets; real data: models (7; 12 with --tune, 8 with --ablations, 2 with --quick)")
      ->check(positive());
  command->add_option("--threads", options->threads, "decides nothing but time; all cores by default")
      ->check(positive());
  command->add_flag("--quick", options->quick, "fewer K, rates, seeds and evaluation rows");
  CLI::Option* const tune = command->add_flag(
      "--tune", options->tune,
      "instead: choose learning rate and epochs of every arm on development rows, and compare the chosen arms");
  command
      ->add_flag("--ablations", options->ablations,
                 "instead: vary the parts of DynamicPO on the synthetic catalogue (gamma and alpha, clusters, steps, "
                 "selection score, MPPO's normalisation and aggregate, level of beta), each setting tuned likewise")
      ->excludes(tune, data, some);
  command->footer(
      "Results are appended as runs finish and kept when the study is killed; running it again does the rest.\n"
      "The folder holds results.jsonl, report.html and charts/ (tune.jsonl and tuned.json; ablations.jsonl and\n"
      "ablations.html), and timings.jsonl.");
  command->callback([options, objectives] { run_study(*options, *objectives); });
}

}  // namespace cli
