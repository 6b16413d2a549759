// SPDX-License-Identifier: MIT
#include <cmath>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "cli/commands.hpp"
#include "cli/json_text.hpp"
#include "cli/pipeline_options.hpp"
#include "cli/row_job.hpp"
#include "dynamicpo/dynamicpo.hpp"

namespace cli {
namespace {

namespace po = dynamicpo;

struct loss_options {
  std::string objective;
  pipeline_options pipeline;
  row_options rows;
};

/// Results of one batch; boundary and betas stay empty where no selection runs.
template <class T>
struct losses {
  std::vector<std::int64_t> offsets;  // of the rejected
  std::vector<T> loss, grad_chosen, grad_rejected;
  std::vector<std::int64_t> boundary_offsets{};
  std::vector<std::int32_t> boundary{};
  std::vector<T> beta{};  // one per rejected
};

// An objective of one negative is given no more.
template <class Objective, class T>
void require_fit(const loss_options& options, const std::vector<std::int64_t>& offsets, const row_batch<T>& batch,
                 const row_reader& reader) {
  constexpr po::index most = Objective::aggregate_type::max_negatives;
  for (std::size_t row = 0; row < batch.lines.size(); ++row) {
    const std::int64_t count = offsets[row + 1] - offsets[row];
    if (count > most) {
      throw reader.error(batch.lines[row], "expected at most " + std::to_string(most) + " negative with --objective " +
                                               options.objective + ", found " + std::to_string(count));
    }
  }
}

template <class T, class Objective>
losses<T> evaluate(const loss_options& options, const Objective& objective, const row_batch<T>& batch,
                   const row_reader& reader, const po::exec::threads& threads) {
  const std::size_t rows = batch.lines.size(), negatives = batch.policy_rejected.size();
  losses<T> found{.offsets = batch.offsets,
                  .loss = std::vector<T>(rows),
                  .grad_chosen = std::vector<T>(rows),
                  .grad_rejected = std::vector<T>(negatives)};
  const po::pipeline pipeline{options.pipeline.selection(batch.first_row), options.pipeline.beta_rule(), objective};
  const auto policy = batch.policy();
  po::outputs<T> out{.gradient = po::view(found.grad_chosen, found.grad_rejected, found.offsets),
                     .row_loss = found.loss,
                     .reduction = po::reduction::none,
                     .nonfinite = po::nonfinite::skip};
  if (options.pipeline.selects()) {
    found.boundary_offsets.resize(rows + 1);
    found.boundary.resize(negatives);
    found.beta.resize(negatives);
    out.effective_beta = found.beta;
    po::select_negatives(threads, pipeline.select, policy,
                         {.offsets = found.boundary_offsets,
                          .slots = found.boundary,
                          .nonfinite = po::nonfinite::skip});
  }
  require_fit<Objective>(options, options.pipeline.selects() ? found.boundary_offsets : found.offsets, batch, reader);
  const auto counts = options.pipeline.reference_free || !objective.margin.needs_reference
                          ? po::loss_and_gradient(threads, pipeline, policy, po::reference_free, out)
                          : po::loss_and_gradient(threads, pipeline, policy, batch.reference(), out);
  reader.require_valid(batch, counts);
  return found;
}

template <class T>
std::string loss_line(const losses<T>& found, std::size_t row) {
  const auto slice = [row](const auto& values, const std::vector<std::int64_t>& offsets) {
    return std::span(values.begin() + offsets[row], values.begin() + offsets[row + 1]);
  };
  const auto negatives = [&](const auto& values) { return slice(values, found.offsets); };
  std::string text = "{";
  append_field(text, "loss", found.loss[row]);
  append_field(text, "grad_chosen", found.grad_chosen[row]);
  append_field(text, "grad_rejected", negatives(found.grad_rejected));
  if (!found.boundary_offsets.empty()) {
    const auto boundary = slice(found.boundary, found.boundary_offsets);
    std::vector<T> betas;
    for (const std::int32_t k : boundary) { betas.push_back(negatives(found.beta)[static_cast<std::size_t>(k)]); }
    append_field(text, "boundary", boundary);
    append_field(text, "beta", betas);
  }
  return text + "}\n";
}

template <class T, class Objective>
void run(const loss_options& options, const Objective& objective) {
  run_row_job<T>(
      options.rows, objective.margin.needs_reference && !options.pipeline.reference_free,
      [&](const row_batch<T>& batch, const row_reader& reader, const po::exec::threads& threads) {
        return evaluate(options, objective, batch, reader, threads);
      },
      loss_line<T>);
}

template <class T>
void run(const loss_options& options) {
  if (options.objective == "dpo") { return run<T>(options, po::objective::dpo); }
  if (options.objective == "dmpo") { return run<T>(options, po::objective::dmpo); }
  if (options.objective == "sdpo") { return run<T>(options, po::objective::sdpo); }
  return run<T>(options, po::objective::mppo);
}

}  // namespace

void add_loss(CLI::App& app) {
  const auto options = std::make_shared<loss_options>();
  CLI::App* const command = app.add_subcommand("loss", "Loss and gradient of each row, not reduced");
  command->add_option("--objective", options->objective, "dpo takes one negative a row; mppo reads no reference")
      ->required()
      ->check(CLI::IsMember({"dpo", "dmpo", "sdpo", "mppo"}));
  options->pipeline.add_to(*command);
  options->rows.add_to(*command);
  command->footer(
      "A row: {\"policy_chosen\": -12.3, \"policy_rejected\": [..], \"reference_chosen\": -12.9, "
      "\"reference_rejected\": [..]}, log-probabilities in nats; rows may differ in length. An impossible item (-inf) "
      "is one left out.\n"
      "A result: {\"loss\": .., \"grad_chosen\": .., \"grad_rejected\": [..]} and, with --dynamic or a --select other "
      "than all, \"boundary\": [indices of the selected negatives], \"beta\": [theirs].");
  command->callback([options, command] {
    options->pipeline.note_unused(*command);
    options->rows.precision == "float" ? run<float>(*options) : run<double>(*options);
  });
}

}  // namespace cli
