// SPDX-License-Identifier: MIT
#include "study/results.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <utility>

#include "toy_llm/generation.hpp"
#include "toy_llm/ranking.hpp"

namespace collapse_study {
namespace {

template <class Struct>
struct field {
  const char* name;
  double Struct::*member;
};

constexpr std::array evaluation_fields{
    field<evaluation_metrics>{"hit_ratio", &evaluation_metrics::hit_ratio},
    field<evaluation_metrics>{"hit_ratio_average", &evaluation_metrics::hit_ratio_average},
    field<evaluation_metrics>{"win_rate", &evaluation_metrics::win_rate},
    field<evaluation_metrics>{"chosen_log_probability", &evaluation_metrics::chosen_log_probability},
    field<evaluation_metrics>{"generated_title", &evaluation_metrics::generated_title},
    field<evaluation_metrics>{"generated_candidate", &evaluation_metrics::generated_candidate},
    field<evaluation_metrics>{"generated_hit_ratio", &evaluation_metrics::generated_hit_ratio},
    field<evaluation_metrics>{"invalid_rows", &evaluation_metrics::invalid_rows}};

using toy_llm::preference_epoch;
constexpr std::array epoch_fields{
    field<preference_epoch>{"loss", &preference_epoch::training_loss},
    field<preference_epoch>{"chosen_log_probability", &preference_epoch::chosen_log_probability},
    field<preference_epoch>{"win_rate", &preference_epoch::win_rate},
    field<preference_epoch>{"pairwise_win_rate", &preference_epoch::pairwise_win_rate},
    field<preference_epoch>{"boundary_gradient_share", &preference_epoch::boundary_gradient_share},
    field<preference_epoch>{"same_genre_gradient_share", &preference_epoch::same_genre_gradient_share},
    field<preference_epoch>{"saturated_share", &preference_epoch::saturated_share},
    field<preference_epoch>{"selected_negatives", &preference_epoch::selected_negatives},
    field<preference_epoch>{"mean_beta", &preference_epoch::mean_beta}};

template <class Struct, std::size_t Count>
json write_fields(const Struct& from, const std::array<field<Struct>, Count>& fields) {
  json written = json::object();
  for (const auto& [name, member] : fields) written[name] = from.*member;
  return written;
}

template <class Struct, std::size_t Count>
Struct read_fields(const json& from, const std::array<field<Struct>, Count>& fields) {
  Struct read{};
  for (const auto& [name, member] : fields) {
    const json& value = from.at(name);
    read.*member = value.is_null() ? std::numeric_limits<double>::quiet_NaN() : value.get<double>();
  }
  return read;
}

}  // namespace

evaluation_metrics evaluate(toy_llm::language_model<float>& model, std::span<const toy_llm::ranking_row> rows) {
  const toy_llm::ranking_metrics ranking = toy_llm::rank(model, rows);
  const toy_llm::generation_metrics generation = toy_llm::generate(model, rows);
  return {.hit_ratio = ranking.hit_ratio,
          .hit_ratio_average = ranking.hit_ratio_average,
          .win_rate = ranking.win_rate,
          .chosen_log_probability = ranking.chosen_log_probability,
          .generated_title = generation.in_catalogue,
          .generated_candidate = generation.valid,
          .generated_hit_ratio = generation.hit_ratio,
          .invalid_rows = static_cast<double>(ranking.invalid_rows)};
}

const run_result& study_results::at(const run& which) const {
  const auto found = std::ranges::find_if(
      runs, [&](const run_result& result) { return result.run.seed == which.seed && result.run.arm == which.arm; });
  if (found == runs.end()) throw std::out_of_range("collapse_study: no run " + key(which));
  return *found;
}

std::string seed_key(std::uint64_t seed) { return fmt::format("seed={}", seed); }

json to_json(const seed_result& result) {
  return {{"run", seed_key(result.seed)},
          {"seed", result.seed},
          {"popularity", result.popularity},
          {"item_cosine", result.item_cosine},
          {"supervised", write_fields(result.supervised, evaluation_fields)},
          {"checksum", fmt::format("{:016x}", result.checksum)}};
}

json to_json(const run_result& result) {
  const arm& trained = result.run.arm;
  json training = json::array();
  for (const preference_epoch& epoch : result.training) {
    training.push_back(write_fields(epoch, epoch_fields));
    training.back()["invalid_rows"] = epoch.invalid_rows;
    if (std::isnan(epoch.update_norm)) continue;
    training.back()["gradient_norm"] = epoch.gradient_norm;
    training.back()["update_norm"] = epoch.update_norm;
  }
  json record{{"run", key(result.run)}, {"objective", name(trained.objective)}, {"variant", name(trained.variant)}};
  if (const json loss = to_json(trained.loss); !loss.empty()) record["loss"] = loss;
  record.update({{"negatives", trained.negatives},
                 {"learning_rate", trained.learning_rate},
                 {"epochs", trained.epochs},
                 {"seed", result.run.seed},
                 {"training", std::move(training)},
                 {"evaluation", write_fields(result.evaluation, evaluation_fields)}});
  return record;
}

seed_result seed_result_from(const json& record) {
  return {.seed = record.at("seed").get<std::uint64_t>(),
          .popularity = record.at("popularity").get<double>(),
          .item_cosine = record.at("item_cosine").get<double>(),
          .supervised = read_fields(record.at("supervised"), evaluation_fields),
          .checksum = std::stoull(record.at("checksum").get<std::string>(), nullptr, 16)};
}

run_result run_result_from(const json& record) {
  run_result result{.run = {.arm = {.objective = parse_objective(record.at("objective").get<std::string>()),
                                    .variant = parse_variant(record.at("variant").get<std::string>()),
                                    .negatives = record.at("negatives").get<std::size_t>(),
                                    .learning_rate = record.at("learning_rate").get<double>(),
                                    .epochs = record.at("epochs").get<std::size_t>(),
                                    .loss = loss_settings_from(record.value("loss", json::object()))},
                            .seed = record.at("seed").get<std::uint64_t>()},
                    .training = {},
                    .evaluation = read_fields(record.at("evaluation"), evaluation_fields)};
  for (const json& epoch : record.at("training")) {
    result.training.push_back(read_fields(epoch, epoch_fields));
    result.training.back().invalid_rows = epoch.at("invalid_rows").get<std::size_t>();
    if (!epoch.contains("update_norm")) continue;
    result.training.back().gradient_norm = epoch.at("gradient_norm").get<double>();
    result.training.back().update_norm = epoch.at("update_norm").get<double>();
  }
  return result;
}

}  // namespace collapse_study
