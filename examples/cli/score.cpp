// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cstdint>
#include <fstream>
#include <iostream>
#include <memory>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "cli/commands.hpp"
#include "cli/json_text.hpp"
#include "cli/number_checks.hpp"
#include "cli/output_file.hpp"
#include "cli/progress.hpp"
#include "study/plan.hpp"
#include "study/study.hpp"
#include "study/tuned.hpp"

namespace cli {
namespace {

namespace cs = collapse_study;
using toy_llm::ranking_row;

struct score_options {
  std::string data, split = "evaluation", input, output = "-";
  std::string objective = "dmpo", variant = "dynamic";
  std::size_t negatives = 19, epochs = 3;
  double learning_rate = 0;  // the sweep's
  std::uint64_t seed = 0;
  bool titles = false;
};

// Rows as JSON lines, looked up in a catalogue.
class title_reader {
 public:
  explicit title_reader(const toy_llm::catalogue& items) {
    for (std::size_t i = 0; i < items.size(); ++i) ids_[items.titles[i]] = static_cast<toy_llm::item_id>(i);
  }

  std::vector<ranking_row> read(const std::string& path) {
    std::ifstream file;
    if (path != "-") {
      file.open(path, std::ios::binary);
      if (!file) throw std::runtime_error(path + ": expected a readable file");
    }
    std::vector<ranking_row> rows;
    std::size_t number = 0;
    for (std::string line; std::getline(path == "-" ? std::cin : file, line);) {
      place_ = (path == "-" ? "standard input" : path) + ":" + std::to_string(++number) + ": ";
      if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
      const auto row = nlohmann::json::parse(line, nullptr, false);
      if (!row.is_object()) fail("a JSON object", row.is_discarded() ? "malformed JSON" : row.type_name());
      rows.push_back({items(row, "history"), item(field(row, "chosen"), "chosen"), items(row, "rejected")});
      if (rows.back().negatives.empty()) fail("at least one title in \"rejected\"", "none");
    }
    return rows;
  }

 private:
  [[noreturn]] void fail(const std::string& expected, const std::string& found) const {
    throw std::runtime_error(place_ + "expected " + expected + ", found " + found);
  }
  const nlohmann::json& field(const nlohmann::json& row, const char* name) const {
    const auto found = row.find(name);
    if (found == row.end()) fail("field \"" + std::string{name} + "\"", "none");
    return *found;
  }
  toy_llm::item_id item(const nlohmann::json& title, const char* name) const {
    if (!title.is_string()) fail("a title in \"" + std::string{name} + "\"", title.dump());
    const auto found = ids_.find(title.get_ref<const std::string&>());
    if (found == ids_.end()) fail("a title of the catalogue in \"" + std::string{name} + "\"", title.dump());
    return found->second;
  }
  std::vector<toy_llm::item_id> items(const nlohmann::json& row, const char* name) const {
    const nlohmann::json& titles = field(row, name);
    if (!titles.is_array()) fail("an array of titles in \"" + std::string{name} + "\"", titles.dump());
    std::vector<toy_llm::item_id> ids;
    for (const auto& title : titles) ids.push_back(item(title, name));
    return ids;
  }

  std::unordered_map<std::string, toy_llm::item_id> ids_;
  std::string place_;
};

std::vector<ranking_row> rows_to_score(const score_options& options, const toy_llm::dataset& data) {
  if (!options.input.empty()) return title_reader{data.items}.read(options.input);
  std::vector<ranking_row> rows = options.split == "train"         ? data.train
                                  : options.split == "development" ? data.development
                                                                   : data.evaluation;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (!rows[i].negatives.empty()) continue;
    rows[i].negatives = toy_llm::sample_negatives(rows[i], data.items.size(), options.negatives,
                                                  {options.seed, 0, static_cast<std::uint32_t>(i)});
  }
  return rows;
}

// Log-probabilities of the chosen item, then of the negatives, row after row.
std::vector<float> score(toy_llm::language_model<float>& model, std::span<const ranking_row> rows) {
  toy_llm::score_batch batch;
  for (const ranking_row& row : rows) {
    batch.add_row(row.history);
    batch.add(row.chosen);
    for (const toy_llm::item_id item : row.negatives) batch.add(item);
  }
  const auto scores = model.log_prob(batch, toy_llm::activations::discard);
  return {scores.begin(), scores.end()};
}

std::string line_of(const ranking_row& row, std::span<const float> policy, std::span<const float> reference,
                    const toy_llm::catalogue* titles) {
  std::string text = "{";
  append_field(text, "policy_chosen", policy[0]);
  append_field(text, "policy_rejected", policy.subspan(1));
  append_field(text, "reference_chosen", reference[0]);
  append_field(text, "reference_rejected", reference.subspan(1));
  if (titles != nullptr) {
    const auto title = [&](toy_llm::item_id item) { return titles->titles[static_cast<std::size_t>(item)]; };
    const auto list = [&](std::span<const toy_llm::item_id> items) {
      auto all = nlohmann::json::array();
      for (const toy_llm::item_id item : items) all.push_back(title(item));
      return all.dump();
    };
    text += ", \"history\": " + list(row.history) + ", \"chosen\": " + nlohmann::json(title(row.chosen)).dump() +
            ", \"rejected\": " + list(row.negatives);
  }
  return text + "}\n";
}

void run_score(const score_options& options) {
  const auto source = options.data.empty() ? cs::data_source::synthetic({}) : cs::data_source::real(options.data);
  const cs::objective_kind objective = cs::parse_objective(options.objective);
  const double rate = options.learning_rate > 0 ? options.learning_rate : cs::sweep_rate(source, objective);
  const cs::starting_point start{source, options.seed};
  const std::vector<ranking_row> rows = rows_to_score(options, start.data());

  toy_llm::language_model<float> policy = start.supervised(), reference = start.supervised();
  const cs::run trained{{objective, cs::parse_variant(options.variant), options.negatives, rate, options.epochs},
                        options.seed};
  toy_llm::train_preference(policy, reference, start.data(), cs::training_options(trained));

  output_file output{options.output};
  progress shown;
  constexpr std::size_t rows_at_once = 256;
  for (std::size_t first = 0; first < rows.size(); first += rows_at_once) {
    const auto part = std::span{rows}.subspan(first, std::min(rows_at_once, rows.size() - first));
    const std::vector<float> ours = score(policy, part), theirs = score(reference, part);
    std::size_t at = 0;
    for (const ranking_row& row : part) {
      const std::size_t items = row.negatives.size() + 1;
      output.write(line_of(row, std::span{ours}.subspan(at, items), std::span{theirs}.subspan(at, items),
                           options.titles ? &start.data().items : nullptr));
      at += items;
    }
    shown.rows(static_cast<std::int64_t>(first + part.size()));
  }
  output.commit();
}

}  // namespace

void add_score(CLI::App& app) {
  const auto options = std::make_shared<score_options>();
  CLI::App* const command =
      app.add_subcommand("score", "Trains the toy LLM and writes log-probabilities of titles, as rows that loss reads");
  command->add_option("--data", options->data, "as for study; without it, the synthetic catalogue of --seed")
      ->check(CLI::ExistingPath);
  auto* const split =
      command->add_option("--split", options->split, "rows to score; those to train on get drawn negatives")
          ->check(CLI::IsMember({"train", "development", "evaluation"}))
          ->capture_default_str();
  command->add_option("--input", options->input, "rows to score instead: a file, or - for standard input")
      ->excludes(split);
  command->add_option("--output", options->output, "a file, or - for standard output")->capture_default_str();
  command->add_option("--objective", options->objective, "what the policy is trained on")
      ->check(CLI::IsMember({"dmpo", "sdpo", "mppo"}))
      ->capture_default_str();
  command->add_option("--variant", options->variant, "which negatives, which beta")
      ->check(CLI::IsMember({"vanilla", "dynamic", "selection-only", "beta-only"}))
      ->capture_default_str();
  command->add_option("--negatives", options->negatives, "K")->check(positive())->capture_default_str();
  command->add_option("--rate", options->learning_rate, "learning rate; by default the one chosen for the study")
      ->check(positive());
  command->add_option("--epochs", options->epochs, "of preference training; 0 makes policy and reference one")
      ->capture_default_str();
  command->add_option("--seed", options->seed, "of the data, the model and the draws")->capture_default_str();
  command->add_flag("--titles", options->titles, "add history, chosen and rejected to each row, as --input takes them");
  command->footer(
      "Reference: the model after supervised fine-tuning. Policy: a copy of it after preference training. "
      "Training takes\nseconds, and equal options give equal scores.\n"
      "A row of --input: {\"history\": [titles, oldest first], \"chosen\": title, \"rejected\": [titles]}, titles of "
      "the catalogue.\n"
      "A result: {\"policy_chosen\": .., \"policy_rejected\": [..], \"reference_chosen\": .., \"reference_rejected\": "
      "[..]}, sums of token log-probabilities in nats:\n"
      "  dynamicpo score --split development | dynamicpo loss --objective dmpo --dynamic");
  command->callback([options] { run_score(*options); });
}

}  // namespace cli
