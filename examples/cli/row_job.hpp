// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <cstddef>
#include <string>
#include <vector>

#include <CLI/App.hpp>

#include "cli/output_file.hpp"
#include "cli/progress.hpp"
#include "cli/rows.hpp"
#include "dynamicpo/exec/threads.hpp"

namespace cli {

/// What every subcommand from rows to lines is told.
struct row_options {
  std::string input = "-";
  std::string output = "-";
  std::string precision = "double";
  unsigned threads = 1;

  void add_to(CLI::App& command);
};

/// Reads rows batch by batch, has `evaluate(batch, reader, threads)` turn them into results, and writes one line a row,
/// `line(results, row)`. \throws std::runtime_error as row_reader and output_file do.
template <class T, class Evaluate, class Line>
void run_row_job(const row_options& options, bool with_reference, Evaluate&& evaluate, Line&& line) {
  const dynamicpo::exec::threads threads{options.threads};
  row_reader reader({.path = options.input,
                     .with_reference = with_reference,
                     .largest = static_cast<double>(std::numeric_limits<T>::max())});
  output_file output(options.output);
  progress shown;
  std::vector<std::string> lines;
  for (row_batch<T> batch; reader.next(batch, threads);) {
    const auto results = evaluate(batch, reader, threads);
    lines.assign(batch.lines.size(), {});
    threads.for_each_block(static_cast<dynamicpo::index>(lines.size()), [&](dynamicpo::index row, dynamicpo::index) {
      lines[static_cast<std::size_t>(row)] = line(results, static_cast<std::size_t>(row));
    });
    for (const std::string& text : lines) { output.write(text); }
    shown.rows(batch.first_row + static_cast<std::int64_t>(lines.size()));
  }
  output.commit();
}

}  // namespace cli
