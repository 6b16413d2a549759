// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <utility>

#include "study/results.hpp"
#include "toy_llm/dataset.hpp"
#include "toy_llm/model.hpp"
#include "toy_llm/score_memory.hpp"
#include "toy_llm/supervised.hpp"
#include "toy_llm/synthetic.hpp"
#include "toy_llm/trie.hpp"

namespace collapse_study {

/// Which data a study is about, and the model for it.
///   synthetic  a catalogue of its own for each seed, which also seeds the model; titles of words, any token at any
///   step real       the rows of a file or folder, the same for each seed; byte-pair tokens, legal continuations only
class data_source {
 public:
  static data_source synthetic(const toy_llm::synthetic_options& options);
  /// Reads the rows; throws as toy_llm::read_dataset does.
  static data_source real(const std::filesystem::path& path);

  bool is_synthetic() const { return real_ == nullptr; }
  /// For people: "the synthetic catalogue D", or the name of the folder or file.
  const std::string& title() const { return title_; }
  /// For the header of results: what fixes the data and the supervised model, and no path.
  json identity() const;

  std::shared_ptr<const toy_llm::dataset> draw(std::uint64_t seed) const;
  toy_llm::support support() const;
  toy_llm::item_representation history() const;
  toy_llm::supervised_options supervised(std::uint64_t seed) const;

 private:
  std::string title_;
  toy_llm::synthetic_options synthetic_;
  std::shared_ptr<const toy_llm::dataset> real_;  // where it is not synthetic
};

/// Where all runs of a seed start: the data, and the model after supervised fine-tuning. Copies of the model refer to
/// both. Safe to share between threads.
class starting_point {
 public:
  starting_point(const data_source& source, std::uint64_t seed);
  starting_point(const starting_point&) = delete;
  starting_point& operator=(const starting_point&) = delete;

  const toy_llm::dataset& data() const { return *data_; }
  const toy_llm::language_model<float>& supervised() const { return supervised_; }
  /// That model's scores, shared by all runs.
  toy_llm::remembered_model reference() const { return toy_llm::remembered_model{*reference_}; }
  /// Of the model's parameters: differs where another processor or compiler rounds differently.
  std::uint64_t checksum() const;

 private:
  std::shared_ptr<const toy_llm::dataset> data_;
  toy_llm::title_trie titles_;
  toy_llm::language_model<float> supervised_;
  std::unique_ptr<toy_llm::score_memory> reference_;
};

/// The starting points of all seeds, each made when it is first asked for, whoever asks.
class starting_points {
 public:
  /// `recorded`: checksums of models that earlier results were made from, by seed.
  starting_points(data_source source, std::map<std::uint64_t, std::uint64_t> recorded)
      : source_{std::move(source)}, recorded_{std::move(recorded)} {}

  /// Throws std::runtime_error where the model is not the recorded one, because this machine rounds differently.
  const starting_point& of(std::uint64_t seed);

 private:
  struct entry {
    std::once_flag made;
    std::unique_ptr<starting_point> start;
  };

  data_source source_;
  std::map<std::uint64_t, std::uint64_t> recorded_;
  std::mutex mutex_;
  std::map<std::uint64_t, entry> entries_;
};

/// Popularity and item-cosine, fit to the rows that are trained on, development rows included, and the supervised
/// model.
seed_result evaluate_seed(const starting_point& start, std::uint64_t seed);

}  // namespace collapse_study
