// SPDX-License-Identifier: MIT
#include "selection_bench/strategy.hpp"

#include <fmt/format.h>

#include <array>
#include <stdexcept>
#include <utility>

#include "dynamicpo/exec/seq.hpp"
#include "dynamicpo/select/all.hpp"
#include "dynamicpo/select/boundary.hpp"
#include "dynamicpo/select/random_k.hpp"
#include "dynamicpo/select/threshold.hpp"
#include "dynamicpo/select/top_k.hpp"
#include "dynamicpo/select/violators.hpp"
#include "dynamicpo/select_negatives.hpp"
#include "dynamicpo/workspace.hpp"
#include "selection_bench/kmeans_process.hpp"
#include "selection_bench/selections.hpp"

namespace selection_bench {
namespace {

// A selection of the library's kind, run as the library runs it.
template <class Select>
class by_library final : public strategy {
 public:
  explicit by_library(Select select) : select_{select} {}

  void select(const score_rows& rows, std::uint32_t step, selected_lists& out) override {
    out.offsets.resize(rows.rows() + 1);
    out.slots.resize(rows.rejected.size());
    if constexpr (requires { select_.step; }) select_.step = step;
    po::select_negatives(po::exec::seq, select_, rows.view(),
                         {.offsets = out.offsets, .slots = out.slots, .workspace = &workspace_});
  }

 private:
  Select select_;
  po::workspace<double> workspace_;
};

template <class Select>
made_strategy library(Select select) {
  return {std::make_unique<by_library<Select>>(select), {}};
}

made_strategy kmeans(int starts, const strategy_options& options) {
  auto process = std::make_unique<kmeans_process>(starts, options.python);
  std::string absent = process->absent();
  if (!absent.empty()) process.reset();
  return {std::move(process), std::move(absent)};
}

}  // namespace

std::span<const strategy_info> strategies() {
  using enum strategy_kind;
  static const std::array<strategy_info, 12> all{{
      {"boundary", "boundary (ours)", "violators, else the top cluster of the exact 3-means", exact},
      {"jenks", "Jenks cut", "violators, else the top of three natural breaks, by another algorithm", exact},
      {"otsu", "Otsu cut", "violators, else the upper of two classes", other},
      {"violators", "violators only", "at or above the chosen item", other},
      {"threshold", "threshold", "no more than the margin below the chosen item", other},
      {"semi-hard", "semi-hard", "as threshold, without the violators", other},
      {"top-k", "top-k", "the k highest scores", other},
      {"softmax", "softmax-k", "k drawn with probability exp(score)", other},
      {"random-k", "random-k", "k drawn uniformly", other},
      {"all", "all", "every negative: the loss without selection", other},
      {"kmeans-1", "KMeans, n_init 1", "violators, else the top cluster of scikit-learn's KMeans, one start", iterated,
       true},
      {"kmeans-10", "KMeans, n_init 10", "the same, the best of ten starts", iterated, true},
  }};
  return all;
}

made_strategy make_strategy(const std::string& id, const strategy_options& options) {
  if (id == "boundary") return library(po::select::boundary{});
  if (id == "jenks") return library(jenks{});
  if (id == "otsu") return library(otsu{});
  if (id == "violators") return library(po::select::violators{});
  if (id == "threshold") return library(po::select::threshold{.gap = -options.margin});
  if (id == "semi-hard") return library(semi_hard{.margin = options.margin});
  if (id == "top-k") return library(po::select::top_k{.count = options.count});
  if (id == "softmax") return library(softmax_k{.count = options.count, .seed = options.seed});
  if (id == "random-k") return library(po::select::random_k{.count = options.count, .seed = options.seed});
  if (id == "all") return library(po::select::all{});
  if (id == "kmeans-1") return kmeans(1, options);
  if (id == "kmeans-10") return kmeans(10, options);
  throw std::invalid_argument(
      fmt::format("selection_bench::make_strategy: expected one of strategies(), found \"{}\"", id));
}

}  // namespace selection_bench
