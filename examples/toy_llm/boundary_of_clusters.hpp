// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>

#include "dynamicpo/detail/kmeans_1d.hpp"
#include "dynamicpo/select/concept.hpp"

namespace toy_llm {

/// dynamicpo::select::boundary with any number of clusters: the violators, else the highest cluster of the exact
/// one-dimensional k-means with min(clusters, distinct values) clusters. Equal-cost partitions resolve to the larger
/// top cluster. For 3 clusters it selects what select::boundary selects. One cluster or none: all negatives.
/// Dynamic programming over the distinct values, O(clusters K^2); for scores whose squares are representable.
struct boundary_of_clusters {
  std::size_t clusters = 3;

  template <class T>
  constexpr dynamicpo::selection_rule operator()(const dynamicpo::select::row_scores<T>& row,
                                                 std::span<std::uint8_t> selected,
                                                 dynamicpo::select::scratch<T>& scratch) const {
    if (selected.empty()) return dynamicpo::selection_rule::none;
    return dynamicpo::select::mark(cut_of(row, scratch), row.rejected, selected);
  }
  /// For at least one negative.
  template <class T>
  constexpr dynamicpo::select::cut<T> cut_of(const dynamicpo::select::row_scores<T>& row,
                                             dynamicpo::select::scratch<T>& scratch) const {
    const auto violates = [&](const T& score) { return !(score < row.chosen); };
    if (std::ranges::any_of(row.rejected, violates)) return {row.chosen, dynamicpo::selection_rule::violators};
    return {least_of_top_cluster(row.rejected, scratch), dynamicpo::selection_rule::cluster};
  }

 private:
  template <class T>
  constexpr T least_of_top_cluster(std::span<const T> scores, dynamicpo::select::scratch<T>& scratch) const {
    using real = dynamicpo::accumulator_of<T>;
    using cluster = dynamicpo::detail::growing_cluster<real>;
    const auto values = scratch.values.first(scores.size());
    std::ranges::copy(scores, values.begin());
    std::ranges::sort(values);
    std::size_t distinct = 0;
    for (std::size_t first = 0, last = 0; first < values.size(); first = last) {
      while (last < values.size() && values[last] == values[first]) ++last;
      scratch.weights[distinct] = real(last - first);
      scratch.sorted[distinct] = real(values[first]);
      values[distinct++] = values[first];
    }
    const std::size_t parts = std::min(clusters, distinct);
    if (parts < 2) return values[0];
    if (parts == distinct) return values[distinct - 1];

    // least[j]: what the j lowest values cost in as many clusters as the level says.
    const auto least = scratch.lower.first(distinct + 1), next = scratch.best.first(distinct + 1);
    const auto add = [&](cluster& grown, std::size_t i) { grown.add(scratch.sorted[i], scratch.weights[i]); };
    cluster lowest;
    for (std::size_t i = 0; i < distinct; ++i) {
      add(lowest, i);
      least[i + 1] = lowest.cost;
    }
    // The last cluster of the values below `end` grows downward; `below` others hold at least a value each.
    const auto each_last_cluster = [&](std::size_t below, std::size_t end, auto visit) {
      cluster last;
      for (std::size_t begin = end; begin-- > below;) {
        add(last, begin);
        visit(begin, least[begin] + last.cost);
      }
    };
    for (std::size_t below = 1; below + 1 < parts; ++below) {
      for (std::size_t end = below + 1; end <= distinct; ++end) {
        bool first = true;
        each_last_cluster(below, end, [&](std::size_t, const real& cost) {
          if (first || cost < next[end]) next[end] = cost;
          first = false;
        });
      }
      std::ranges::copy(next, least.begin());
    }

    real optimum{};
    bool first = true;
    each_last_cluster(parts - 1, distinct, [&](std::size_t, const real& cost) {
      if (first || cost < optimum) optimum = cost;
      first = false;
    });
    const real equal = optimum * (real(1) + dynamicpo::detail::tie_tolerance<real>(distinct));
    std::size_t cut = distinct - 1;
    each_last_cluster(parts - 1, distinct, [&](std::size_t begin, const real& cost) {
      if (!(equal < cost)) cut = begin;  // the lowest of equals comes last
    });
    return values[cut];
  }
};

/// A selection made beforehand: row r's negative i is in where marks[r width + i] is 1. Rows keep all `width`
/// negatives; one that has lost some to a mask or to -inf selects none.
struct marked {
  const std::uint8_t* marks;
  std::size_t width;

  template <class T>
  constexpr dynamicpo::selection_rule operator()(const dynamicpo::select::row_scores<T>& row,
                                                 std::span<std::uint8_t> selected,
                                                 dynamicpo::select::scratch<T>&) const {
    if (selected.size() != width) {
      std::ranges::fill(selected, std::uint8_t{0});
      return dynamicpo::selection_rule::none;
    }
    const auto mine = std::span{marks + static_cast<std::size_t>(row.row) * width, width};
    std::ranges::copy(mine, selected.begin());
    return dynamicpo::selection_rule::custom;
  }
};

}  // namespace toy_llm
