// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>

#include "dynamicpo/config.hpp"
#include "dynamicpo/detail/double_double.hpp"
#include "dynamicpo/detail/elementary_float.hpp"
#include "dynamicpo/detail/group_cut.hpp"
#include "dynamicpo/detail/kmeans_1d.hpp"
#include "dynamicpo/detail/thread_group.hpp"
#include "dynamicpo/error.hpp"

/// The top cluster of a row too long for registers: a sort in memory that the group shares, and `monotone_cuts` level
/// by level, all nodes of a level at once.
namespace dynamicpo::inline v1::detail {

/// Arrays that the threads of a group share, for rows of up to `most` scores in a group of `threads`.
template <class T>
struct cut_room {
  T* sorted = nullptr;                       ///< padded_size(most)
  double *value = nullptr, *best = nullptr;  ///< most
  prefix_sums<double>*prefix = nullptr,      ///< most + 1
      *part = nullptr;                       ///< threads
  double* part_best = nullptr;               ///< threads
  int *start = nullptr, *cut = nullptr;      ///< most + 1
  int* part_cut = nullptr;                   ///< threads

  DYNAMICPO_HD static constexpr std::size_t padded_size(std::size_t most) {
    std::size_t size = 2;
    while (size < most) { size *= 2; }
    return size;
  }
  /// Bytes of all arrays, a multiple of 16.
  static constexpr std::size_t bytes(std::size_t most, std::size_t threads) {
    const std::size_t all = 2 * most * sizeof(double) + (most + 1 + threads) * sizeof(prefix_sums<double>) +
                            threads * sizeof(double) + padded_size(most) * sizeof(T) +
                            (2 * (most + 1) + threads) * sizeof(int);
    return (all + 15) / 16 * 16;
  }
  /// In so much memory, aligned to 16 bytes.
  DYNAMICPO_HD static cut_room in(void* memory, std::size_t most, std::size_t threads) {
    cut_room room;
    room.value = static_cast<double*>(memory);
    room.best = room.value + most;
    room.part_best = room.best + most;
    room.prefix = reinterpret_cast<prefix_sums<double>*>(room.part_best + threads);
    room.part = room.prefix + most + 1;
    room.sorted = reinterpret_cast<T*>(room.part + threads);
    room.start = reinterpret_cast<int*>(room.sorted + padded_size(most));
    room.cut = room.start + most + 1;
    room.part_cut = room.cut + most + 1;
    return room;
  }
};

/// Ascending, of `count` numbers, a power of two, in memory that the group shares.
template <class Group, class T>
DYNAMICPO_HD void sort_shared(const Group& group, T* x, std::size_t count) {
  for (std::size_t run = 2; run <= count; run *= 2) {
    for (std::size_t step = run / 2; step > 0; step /= 2) {
      group.each([&](unsigned rank) {
        for (std::size_t i = rank; i < count; i += Group::size) {
          const std::size_t other = i ^ step;
          if (other < i) { continue; }
          const T a = x[i], b = x[other];
          if ((i & run) == 0 ? b < a : a < b) {
            x[i] = b;
            x[other] = a;
          }
        }
      });
      group.sync();
    }
  }
}

template <class Group, class T>
class long_cut {
 public:
  DYNAMICPO_HD long_cut(const Group& group, const cut_room<T>& room) : group_{group}, room_{room} {}

  /// Sorts the scores in the columns of the threads; -inf for what takes no part.
  template <class Score>
  DYNAMICPO_HD void sort(const Score& score, unsigned columns) {
    constexpr std::size_t size = Group::size;
    count_ = cut_room<T>::padded_size(columns * size);
    group_.each([&](unsigned rank) {
      for (std::size_t i = rank; i < count_; i += size) {
        room_.sorted[i] = i / size < columns ? group_.get(score[i / size], rank) : -elementary_float::infinity<T>;
      }
    });
    group_.sync();
    sort_shared(group_, room_.sorted, count_);
  }
  /// The n-th highest.
  DYNAMICPO_HD T highest(std::size_t n) const { return room_.sorted[count_ - n]; }

  /// Least score of the top cluster.
  DYNAMICPO_HD T least_of_top_cluster() {
    list_distinct();
    if (distinct_ < 3) { return room_.sorted[count_ - 1]; }
    sum_outward();
    search();
    typename Group::template of<double> least(elementary_float::infinity<double>), place(least);
    group_.each([&](unsigned rank) {
      double found = elementary_float::infinity<double>;
      for (std::size_t j = 2 + rank; j < distinct_; j += Group::size) {
        found = room_.best[j] < found ? room_.best[j] : found;
      }
      group_.set(least, rank, found);
    });
    const double equal = group_.least(least) * (1.0 + tie_tolerance_of_wide);
    group_.each([&](unsigned rank) {
      std::size_t j = 2 + rank;
      while (j < distinct_ && equal < room_.best[j]) { j += Group::size; }
      group_.set(place, rank, j < distinct_ ? static_cast<double>(j) : elementary_float::infinity<double>);
    });
    return room_.sorted[room_.start[static_cast<std::size_t>(group_.least(place))]];
  }

 private:
  using wide = wide_of<double>;
  using sums = prefix_sums<double>;

  // value[d]: the distinct scores, scaled; start[d]: where they begin among the sorted.
  DYNAMICPO_HD void list_distinct() {
    constexpr std::size_t size = Group::size;
    const std::size_t each = (count_ + size - 1) / size;
    const T* const sorted = room_.sorted;
    const auto is_head = [=](std::size_t i) {
      return (i == 0 ? -elementary_float::infinity<T> : sorted[i - 1]) < sorted[i];
    };
    group_.each([&](unsigned rank) {
      int heads = 0;
      for (std::size_t i = rank * each; i < (rank + 1) * each && i < count_; ++i) { heads += is_head(i) ? 1 : 0; }
      room_.part_cut[rank] = heads;
    });
    group_.sync();
    std::size_t all = 0;
    for (std::size_t r = 0; r < size; ++r) { all += static_cast<std::size_t>(room_.part_cut[r]); }
    distinct_ = all;
    group_.each([&](unsigned rank) {
      std::size_t d = 0;
      for (std::size_t r = 0; r < rank; ++r) { d += static_cast<std::size_t>(room_.part_cut[r]); }
      for (std::size_t i = rank * each; i < (rank + 1) * each && i < count_; ++i) {
        if (is_head(i)) { room_.start[d++] = static_cast<int>(i); }
      }
      if (rank == 0) { room_.start[all] = static_cast<int>(count_); }
    });
    group_.sync();
    if (all == 0) { return; }
    const square_scale scale(static_cast<double>(sorted[room_.start[0]]), static_cast<double>(sorted[count_ - 1]));
    group_.each([&](unsigned rank) {
      for (std::size_t d = rank; d < all; d += size) {
        room_.value[d] = static_cast<double>(sorted[room_.start[d]]) * scale.first * scale.second;
      }
    });
    group_.sync();
  }

  // prefix[d] of the values before d, measured and summed outward from the middle one: half the threads upward, half
  // downward, each a stretch of it.
  DYNAMICPO_HD void sum_outward() {
    constexpr std::size_t size = Group::size, half_size = size / 2;
    static_assert(size > 1);
    const std::size_t middle = distinct_ / 2, each = (distinct_ - middle + half_size - 1) / half_size;
    for (const bool adds_offset : {false, true}) {
      group_.each([&](unsigned rank) {
        const bool down = rank >= half_size;
        const std::size_t stretch = down ? rank - half_size : rank, length = down ? middle : distinct_ - middle;
        sums total;
        if (adds_offset) {
          for (std::size_t s = 0; s < stretch; ++s) { total = joined(total, room_.part[rank - stretch + s]); }
        }
        for (std::size_t k = stretch * each; k < (stretch + 1) * each && k < length; ++k) {
          const std::size_t d = down ? middle - 1 - k : middle + k, to = down ? d : d + 1;
          if (adds_offset) {
            room_.prefix[to] = joined(total, room_.prefix[to]);
            continue;
          }
          const double weight = static_cast<double>(room_.start[d + 1] - room_.start[d]);
          const wide away = wide(room_.value[d]) - wide(room_.value[middle]);
          const wide first = away * wide(weight), second = away * first;
          total = down ? sums{total.weight - weight, total.first - first, total.second - second}
                       : sums{total.weight + weight, total.first + first, total.second + second};
          room_.prefix[to] = total;
        }
        if (!adds_offset) {
          room_.part[rank] = total;
          if (rank == 0) { room_.prefix[middle] = sums{}; }
        }
      });
      group_.sync();
    }
  }
  DYNAMICPO_HD static sums joined(const sums& a, const sums& b) {
    return {a.weight + b.weight, a.first + b.first, a.second + b.second};
  }

  DYNAMICPO_HD double cost(std::size_t begin, std::size_t end) const {
    if (end - begin == 1) { return 0; }
    const sums &a = room_.prefix[begin], &b = room_.prefix[end];
    const wide first = b.first - a.first;
    const auto result = static_cast<double>(b.second - a.second - first * first / wide(b.weight - a.weight));
    return result < 0 ? 0 : result;
  }

  /// A node of the recursion over upper cuts: its own, and where the lower cuts of the nodes above leave its own.
  struct node {
    std::size_t upper, first, last;
    bool exists;
  };
  DYNAMICPO_HD node node_at(unsigned level, std::size_t number) const {
    std::size_t low = 2, high = distinct_ - 1, first = 1, last = distinct_ - 2;
    for (unsigned bit = level; bit > 0; --bit) {
      const std::size_t j = low + (high - low) / 2;
      if ((number >> (bit - 1) & 1) == 0) {
        if (j == low) { return {0, 0, 0, false}; }
        high = j - 1;
        last = static_cast<std::size_t>(room_.cut[j]);
      } else {
        if (j == high) { return {0, 0, 0, false}; }
        low = j + 1;
        first = static_cast<std::size_t>(room_.cut[j]);
      }
    }
    return {low + (high - low) / 2, first, last, true};
  }

  // best[j]: least cost with the upper cut j; cut[j]: the lower cut that it has. At first many threads share a node.
  DYNAMICPO_HD void search() {
    constexpr std::size_t size = Group::size;
    for (unsigned level = 0; (std::size_t{1} << level) <= distinct_ - 2; ++level) {
      const std::size_t nodes = std::size_t{1} << level, sharing = nodes < size ? size / nodes : 1;
      group_.each([&](unsigned rank) {
        for (std::size_t number = rank / sharing; number < nodes; number += size / sharing) {
          const node at = node_at(level, number);
          if (!at.exists) { continue; }
          double best = elementary_float::infinity<double>;
          std::size_t cut = at.last + 1;
          for (std::size_t i = at.first + rank % sharing; i <= at.last && i < at.upper; i += sharing) {
            const double candidate = cost(0, i) + cost(i, at.upper);
            if (candidate < best) {
              best = candidate;
              cut = i;
            }
          }
          if (sharing > 1) {
            room_.part_best[rank] = best;
            room_.part_cut[rank] = static_cast<int>(cut);
          } else {
            settle(at, best, cut);
          }
        }
      });
      group_.sync();
      if (sharing == 1) { continue; }
      group_.each([&](unsigned rank) {
        const node at = node_at(level, rank / sharing);
        if (rank % sharing != 0 || !at.exists) { return; }
        double best = room_.part_best[rank];
        int cut = room_.part_cut[rank];
        for (std::size_t r = rank + 1; r < rank + sharing; ++r) {
          const double other = room_.part_best[r];
          if (other < best || (other == best && room_.part_cut[r] < cut)) {
            best = other;
            cut = room_.part_cut[r];
          }
        }
        settle(at, best, static_cast<std::size_t>(cut));
      });
      group_.sync();
    }
  }
  DYNAMICPO_HD void settle(const node& at, double best, std::size_t cut) const {
    room_.best[at.upper] = best + cost(at.upper, distinct_);
    room_.cut[at.upper] = static_cast<int>(cut);
  }

  const Group& group_;
  const cut_room<T>& room_;
  std::size_t count_ = 0, distinct_ = 0;
};

}  // namespace dynamicpo::inline v1::detail
