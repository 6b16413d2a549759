// SPDX-License-Identifier: MIT
#include "device/host_answers.hpp"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <limits>
#include <nlohmann/json.hpp>
#include <set>
#include <string>

#include "dynamicpo/dynamicpo.hpp"
#include "support/shared_data.hpp"

namespace device_test {

template <class T>
po::index rows<T>::longest() const {
  po::index most = negatives;
  for (std::size_t b = 0; b + 1 < offsets.size(); ++b) {
    most = std::max(most, static_cast<po::index>(offsets[b + 1] - offsets[b]));
  }
  return most;
}

template <class T>
rows<T> random_rows(std::uint64_t seed, po::index count, po::index negatives, bool ragged, double offset) {
  po::sample::philox_engine random{seed};
  rows<T> made;
  made.negatives = ragged ? 0 : negatives;
  const auto add = [&](std::vector<T>& policy, std::vector<T>& frozen) {
    policy.push_back(static_cast<T>(offset - 10 * random.uniform()));
    frozen.push_back(static_cast<T>(static_cast<double>(policy.back()) + 2 * random.uniform() - 1));
  };
  for (po::index row = 0; row < count; ++row) {
    add(made.chosen, made.frozen_chosen);
    if (row % 2 == 0) { made.chosen.back() += static_cast<T>(12); }  // no violator: clusters
    const po::index size = ragged ? random.below(static_cast<std::uint32_t>(2 * negatives + 1)) : negatives;
    for (po::index k = 0; k < size; ++k) {
      add(made.rejected, made.frozen_rejected);
      if (k > 0 && random.below(8) == 0) { made.rejected.back() = made.rejected[made.rejected.size() - 2]; }
    }
    if (ragged) { made.offsets.push_back(static_cast<std::int64_t>(made.rejected.size())); }
  }
  return made;
}

template <class T>
rows<T> odd_rows(std::uint64_t seed, po::index count, po::index negatives) {
  rows<T> made = random_rows<T>(seed, count, negatives, true, 0);
  po::sample::philox_engine random{seed, 1};
  constexpr T infinity = std::numeric_limits<T>::infinity(), most = std::numeric_limits<T>::max();
  // Log-ratios of one sign: the sum of two that cancel is what the order of summation makes of it.
  for (auto* list : {&made.chosen, &made.rejected, &made.frozen_chosen, &made.frozen_rejected}) {
    const bool policy = list == &made.chosen || list == &made.rejected;
    const T odd[] = {std::numeric_limits<T>::quiet_NaN(), infinity, -infinity, policy ? most : -most};
    for (T& score : *list) {
      if (random.below(20) == 0) { score = odd[random.below(4)]; }
    }
  }
  return made;
}

template <class T>
std::vector<rows<T>> golden_rows() {
  std::vector<rows<T>> all;
  const auto path = test_support::shared_data("golden/manifest.json");
  if (!path) { return all; }
  const auto manifest = nlohmann::json::parse(std::ifstream{*path});
  std::set<std::string> files;
  for (const auto& of : manifest.at("cases")) {
    files.insert(of.at("input").get<std::string>());
  }
  for (const std::string& file : files) {
    std::ifstream stream{*test_support::shared_data("golden/" + file)};
    rows<T> read;
    for (std::string line; std::getline(stream, line);) {
      const auto row = nlohmann::json::parse(line);
      read.chosen.push_back(row.at("policy_chosen").get<T>());
      read.frozen_chosen.push_back(row.at("reference_chosen").get<T>());
      for (const auto& score : row.at("policy_rejected")) { read.rejected.push_back(score.get<T>()); }
      for (const auto& score : row.at("reference_rejected")) { read.frozen_rejected.push_back(score.get<T>()); }
      read.offsets.push_back(static_cast<std::int64_t>(read.rejected.size()));
    }
    all.push_back(read);
  }
  return all;
}

namespace {

template <class T, class Objective>
answer<T> answer_of(const Objective& objective, bool dynamic, const rows<T>& in) {
  answer<T> found;
  found.chosen.resize(in.chosen.size());
  found.rejected.resize(in.rejected.size());
  found.row_loss.resize(in.chosen.size());
  found.beta.resize(in.rejected.size());
  const auto view = [&](auto& chosen, auto& rejected) {
    return in.dense() ? po::view(chosen, rejected) : po::view(chosen, rejected, in.offsets);
  };
  const po::outputs<T> out{.gradient = view(found.chosen, found.rejected),
                           .row_loss = found.row_loss,
                           .effective_beta = found.beta,
                           .nonfinite = po::nonfinite::skip};
  const auto evaluate = [&](const auto& pipeline) {
    const auto result = po::loss_and_gradient(po::exec::seq, pipeline, view(in.chosen, in.rejected),
                                              view(in.frozen_chosen, in.frozen_rejected), out);
    found.counts = result;
    found.loss = result.loss;
  };
  if (dynamic) {
    evaluate(po::dynamic(objective));
  } else {
    evaluate(po::vanilla(objective));
  }
  return found;
}

}  // namespace

template <class T>
answer<T> host_answer(objective objective, bool dynamic, const rows<T>& rows) {
  switch (objective) {
    case objective::dmpo:
      return answer_of(po::objective::dmpo, dynamic, rows);
    case objective::sdpo:
      return answer_of(po::objective::sdpo, dynamic, rows);
    case objective::mppo:
      break;
  }
  return answer_of(po::objective::mppo, dynamic, rows);
}

#define DEVICE_TEST_INSTANTIATE(T)                                                    \
  template struct rows<T>;                                                            \
  template rows<T> random_rows<T>(std::uint64_t, po::index, po::index, bool, double); \
  template rows<T> odd_rows<T>(std::uint64_t, po::index, po::index);                  \
  template std::vector<rows<T>> golden_rows<T>();                                     \
  template answer<T> host_answer<T>(objective, bool, const rows<T>&);
DEVICE_TEST_INSTANTIATE(float)
DEVICE_TEST_INSTANTIATE(double)

}  // namespace device_test
