// SPDX-License-Identifier: MIT
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "cli/commands.hpp"
#include "cli/json_text.hpp"
#include "cli/row_job.hpp"
#include "dynamicpo/dynamicpo.hpp"

namespace cli {
namespace {

namespace po = dynamicpo;

template <class T>
struct boundaries {
  std::vector<std::int64_t> offsets;
  std::vector<std::int32_t> slots;
  std::vector<po::selection_rule> rule;
  std::vector<T> mean_rest;
};

template <class T>
boundaries<T> find_boundaries(const row_batch<T>& batch, const row_reader& reader, const po::exec::threads& threads) {
  const std::size_t rows = batch.lines.size();
  boundaries<T> found{std::vector<std::int64_t>(rows + 1), std::vector<std::int32_t>(batch.policy_rejected.size()),
                      std::vector<po::selection_rule>(rows), std::vector<T>(rows)};
  const auto counts = po::select_negatives(threads, po::select::boundary{}, batch.policy(),
                                           {.offsets = found.offsets,
                                            .slots = found.slots,
                                            .rule = found.rule,
                                            .mean_rest = found.mean_rest,
                                            .nonfinite = po::nonfinite::skip});
  reader.require_valid(batch, counts);
  return found;
}

template <class T>
std::string boundary_line(const boundaries<T>& found, std::size_t row) {
  const auto first = found.slots.begin() + found.offsets[row], last = found.slots.begin() + found.offsets[row + 1];
  const char* const rule = found.rule[row] == po::selection_rule::violators ? "\"violators\""
                           : found.rule[row] == po::selection_rule::cluster ? "\"cluster\""
                                                                            : "null";
  std::string text = "{";
  append_field(text, "boundary", std::span(first, last));
  text += std::string(", \"rule\": ") + rule;
  append_field(text, "mean_rest", found.mean_rest[row]);
  return text + "}\n";
}

template <class T>
void run(const row_options& options) {
  run_row_job<T>(options, false, find_boundaries<T>, boundary_line<T>);
}

}  // namespace

void add_select(CLI::App& app) {
  const auto options = std::make_shared<row_options>();
  CLI::App* const command = app.add_subcommand("select", "Boundary negatives of each row, from policy scores alone");
  options->add_to(*command);
  command->footer(
      "A result: {\"boundary\": [ascending indices], \"rule\": \"violators\" or \"cluster\", \"mean_rest\": mean "
      "policy score of the others, of the boundary itself where there are none}; a row without negatives has [], null, "
      "null.");
  command->callback([options] { options->precision == "float" ? run<float>(*options) : run<double>(*options); });
}

}  // namespace cli
