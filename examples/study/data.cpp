// SPDX-License-Identifier: MIT
#include "study/data.hpp"

#include <fmt/format.h>

#include <stdexcept>
#include <utility>

#include "toy_llm/baselines.hpp"
#include "toy_llm/real_data.hpp"

namespace collapse_study {
namespace {

// FNV-1a, 64 bits: Fowler, Noll, Vo.
class fnv1a {
 public:
  void add(std::span<const std::byte> bytes) {
    for (const std::byte byte : bytes) hash_ = (hash_ ^ std::to_integer<std::uint64_t>(byte)) * 0x100000001b3u;
  }
  template <class Value>
  void add_values(std::span<const Value> values) {
    add(std::as_bytes(values));
  }
  std::uint64_t value() const { return hash_; }

 private:
  std::uint64_t hash_ = 0xcbf29ce484222325u;
};

std::uint64_t checksum(const toy_llm::dataset& data) {
  fnv1a hash;
  for (const std::string& title : data.items.titles) hash.add_values(std::span{title.c_str(), title.size() + 1});
  for (const auto* rows : {&data.train, &data.development, &data.evaluation}) {
    for (const toy_llm::ranking_row& row : *rows) {
      const std::vector<toy_llm::item_id> items = toy_llm::sequence(row);
      hash.add_values(std::span{items});
      hash.add_values(std::span{row.negatives});
    }
  }
  return hash.value();
}

}  // namespace

data_source data_source::synthetic(const toy_llm::synthetic_options& options) {
  data_source source;
  source.title_ = "the synthetic catalogue D";
  source.synthetic_ = options;
  return source;
}

data_source data_source::real(const std::filesystem::path& path) {
  data_source source;
  const auto normal = path.lexically_normal();
  source.title_ = (normal.has_filename() ? normal : normal.parent_path()).stem().string();
  source.real_ = std::make_shared<const toy_llm::dataset>(toy_llm::read_dataset(path));
  return source;
}

json data_source::identity() const {
  const toy_llm::supervised_options tuning = supervised(0);
  const json model{{"supervised_epochs", tuning.epochs},
                   {"supervised_rate", tuning.optimiser.learning_rate},
                   {"supervised_batch", tuning.batch_rows}};
  json identity = is_synthetic() ? json{{"kind", "synthetic"},
                                        {"genres", synthetic_.genres},
                                        {"styles", synthetic_.styles},
                                        {"items_per_style", synthetic_.items_per_style},
                                        {"filler", synthetic_.filler},
                                        {"history", synthetic_.history},
                                        {"train_rows", synthetic_.train_rows},
                                        {"development_rows", synthetic_.development_rows},
                                        {"evaluation_rows", synthetic_.evaluation_rows},
                                        {"negatives", synthetic_.negatives}}
                                 : json{{"kind", "real"},
                                        {"train_rows", real_->train.size()},
                                        {"development_rows", real_->development.size()},
                                        {"evaluation_rows", real_->evaluation.size()},
                                        {"checksum", fmt::format("{:016x}", checksum(*real_))}};
  identity.update(model);
  return identity;
}

std::shared_ptr<const toy_llm::dataset> data_source::draw(std::uint64_t seed) const {
  if (!is_synthetic()) return real_;
  toy_llm::synthetic_options options = synthetic_;
  options.seed = seed;
  return std::make_shared<const toy_llm::dataset>(toy_llm::make_synthetic(options));
}

toy_llm::support data_source::support() const {
  return is_synthetic() ? toy_llm::support::vocabulary : toy_llm::support::catalogue;
}

toy_llm::item_representation data_source::history() const {
  return is_synthetic() ? toy_llm::item_representation::title : toy_llm::item_representation::embedding;
}

toy_llm::supervised_options data_source::supervised(std::uint64_t seed) const {
  return {.epochs = is_synthetic() ? std::size_t{8} : std::size_t{1}, .seed = seed};
}

starting_point::starting_point(const data_source& source, std::uint64_t seed)
    : data_{source.draw(seed)},
      titles_{data_->items, source.support()},
      supervised_{data_->items, titles_, {.history = source.history(), .seed = seed}} {
  toy_llm::train_supervised(supervised_, *data_, source.supervised(seed));
  reference_ = std::make_unique<toy_llm::score_memory>(supervised_);
}

std::uint64_t starting_point::checksum() const {
  fnv1a hash;
  hash.add_values(supervised_.parameters());
  return hash.value();
}

const starting_point& starting_points::of(std::uint64_t seed) {
  entry* mine = nullptr;
  {
    const std::lock_guard lock{mutex_};
    mine = &entries_[seed];
  }
  std::call_once(mine->made, [&] {
    auto start = std::make_unique<starting_point>(source_, seed);
    const auto known = recorded_.find(seed);
    if (known != recorded_.end() && known->second != start->checksum()) {
      throw std::runtime_error(fmt::format(
          "seed {}: supervised fine-tuning does not repeat the model of the results so far (checksum: expected "
          "{:016x}, "
          "found {:016x}): they are of another build or processor. Choose another output folder, or remove them",
          seed, known->second, start->checksum()));
    }
    mine->start = std::move(start);
  });
  return *mine->start;
}

seed_result evaluate_seed(const starting_point& start, std::uint64_t seed) {
  const toy_llm::dataset& data = start.data();
  std::vector<toy_llm::ranking_row> known = data.train;
  known.insert(known.end(), data.development.begin(), data.development.end());
  toy_llm::language_model<float> model = start.supervised();
  const toy_llm::popularity_baseline popularity{known, data.items.size()};
  const toy_llm::item_cosine_baseline item_cosine{known, data.items.size()};
  return {.seed = seed,
          .popularity = toy_llm::hit_ratio_at_1(data.evaluation, popularity),
          .item_cosine = toy_llm::hit_ratio_at_1(data.evaluation, item_cosine),
          .supervised = evaluate(model, data.evaluation),
          .checksum = start.checksum()};
}

}  // namespace collapse_study
