// SPDX-License-Identifier: MIT
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>

#include "cli/commands.hpp"
#include "cli/number_checks.hpp"
#include "cli/output_file.hpp"
#include "cli/rows.hpp"
#include "report/machine.hpp"
#include "selection_bench/bench.hpp"
#include "selection_bench/page.hpp"
#include "selection_bench/table.hpp"

namespace cli {
namespace {

namespace sb = selection_bench;

struct select_bench_options {
  sb::bench_options bench{.threads = std::max(1u, std::thread::hardware_concurrency())};
  std::string input, json, html;
  std::vector<std::string> only;
  bool quick = false;
};

// The first rows with negatives of a file.
sb::bench_data read_rows(const std::string& path, std::size_t most) {
  const dynamicpo::exec::threads one{1};
  row_reader reader({.path = path, .with_reference = false});
  sb::bench_data data{.id = "input", .title = path == "-" ? "Standard input" : path};
  bool more = false;
  std::size_t without = 0;
  for (row_batch<double> batch; !more && reader.next(batch, one);) {
    for (std::size_t row = 0; row < batch.lines.size(); ++row) {
      const auto first = static_cast<std::size_t>(batch.offsets[row]);
      const auto count = static_cast<std::size_t>(batch.offsets[row + 1]) - first;
      if (count == 0) {
        ++without;
      } else if (data.scores.rows() == most) {
        more = true;
      } else {
        data.scores.add(batch.policy_chosen[row], std::span{batch.policy_rejected}.subspan(first, count));
      }
    }
  }
  if (data.scores.rows() == 0) {
    throw std::runtime_error(fmt::format("{}: expected at least one row with a negative, found {} without",
                                         path == "-" ? "standard input" : path, without));
  }
  data.meaning = more ? fmt::format("the first {} rows (--rows)", most) : "all rows";
  if (without > 0) data.meaning += fmt::format(", {} without negatives left out", without);
  return data;
}

// One line on standard error while that is a terminal.
void show_progress(const std::string& what) {
  if (::isatty(STDERR_FILENO) != 1) return;
  fmt::print(stderr, "\r{}\x1b[K", what);
  std::fflush(stderr);
}

void run_select_bench(const select_bench_options& options, bool rows_given, bool seeds_given) {
  const auto start = std::chrono::steady_clock::now();
  sb::bench_options bench = options.bench;
  bench.strategies.seed = bench.seed;
  bench.progress = show_progress;
  const auto wanted = [&](const char* part) {
    return options.only.empty() || std::ranges::count(options.only, part) > 0;
  };
  if (options.quick) {
    if (!rows_given) bench.rows = 60;
    if (!seeds_given) bench.seeds = 2;
    bench.evaluation_rows = 1000;
    bench.rates = {5e-3};
    bench.rounds = 5;
    bench.train_external = false;
  }
  bench.synthetic = wanted("synthetic");
  bench.dumps = wanted("dumps");
  if (!wanted("training")) bench.seeds = 0;
  if (std::ranges::count(options.only, "input") > 0 && options.input.empty()) {
    throw CLI::ValidationError("--only", "input needs --input");
  }
  std::vector<sb::bench_data> more;
  if (!options.input.empty()) more.push_back(read_rows(options.input, bench.rows));

  const sb::bench_results results = sb::run_bench(bench, std::move(more));
  show_progress("");
  const std::string machine = bench::describe_machine("as DYNAMICPO_NATIVE says");
  fmt::print("{}", sb::to_text(results));
  if (!options.json.empty()) {
    output_file file{options.json};
    file.write(sb::to_json(results, machine));
    file.commit();
    fmt::print("results: {}\n", options.json);
  }
  if (!options.html.empty()) {
    const sb::page page = sb::make_page(results, machine);
    output_file file{options.html};
    file.write(page.html);
    file.commit();
    fmt::print("report:  {}\n", options.html);
    if (!page.drawn) {
      fmt::print(stderr,
                 "dynamicpo select-bench: gnuplot is not installed, so the report has no picture; install it "
                 "(Debian: gnuplot-nox) and run again\n");
    }
  }
  const std::chrono::duration<double> spent = std::chrono::steady_clock::now() - start;
  fmt::print("{:.1f} s on {}\n", spent.count(), machine);
}

}  // namespace

void add_select_bench(CLI::App& app) {
  const auto options = std::make_shared<select_bench_options>();
  CLI::App* const command = app.add_subcommand(
      "select-bench", "Compares ways to select negatives: what they find, what they cost, what training makes of them");
  sb::bench_options& bench = options->bench;
  command->add_option("--input", options->input,
                      "your own rows too, in the format of select; a file, or - for standard input");
  command->add_option("--json", options->json, "write all figures there; - is standard output");
  command->add_option("--html", options->html, "write a page with the tables and a picture there");
  command->add_flag("--quick", options->quick,
                    "60 rows, 2 seeds, one learning rate, no training with KMeans: about 15 s on two cores");
  command->add_option("--only", options->only, "some of synthetic, dumps, training; --input counts besides")
      ->delimiter(',')
      ->check(CLI::IsMember({"synthetic", "dumps", "training", "input"}));
  auto* const rows =
      command->add_option("--rows", bench.rows, "of each data set, at most")->check(positive())->capture_default_str();
  auto* const seeds = command->add_option("--seeds", bench.seeds, "of the training, each with data of its own")
                          ->check(positive())
                          ->capture_default_str();
  command->add_option("--count", bench.strategies.count, "k of top-k, random-k and softmax-k")
      ->check(positive())
      ->capture_default_str();
  command->add_option("--margin", bench.strategies.margin, "of threshold and semi-hard, in nats below the chosen item")
      ->check(not_negative())
      ->capture_default_str();
  command->add_option("--seed", bench.seed, "of data, draws and models")->capture_default_str();
  command->add_option("--threads", bench.threads, "of the training; decides nothing but time; all cores by default")
      ->check(positive());
  command->add_option("--python", bench.strategies.python,
                      "a Python with scikit-learn; by default python3, then /usr/bin/python3");
  command->footer(
      "The true boundary is what the generator drew as such; for the toy LLM's rows and yours it is the exact one,\n"
      "found by trying all partitions. KMeans needs scikit-learn (Debian: python3-sklearn) and is skipped, visibly,\n"
      "without it. Equal options give equal figures, times apart.");
  command->callback([options, rows, seeds] { run_select_bench(*options, rows->count() > 0, seeds->count() > 0); });
}

}  // namespace cli
