// SPDX-License-Identifier: MIT
#pragma once

#include <concepts>

#include "dynamicpo/error.hpp"
#include "dynamicpo/score/space.hpp"

namespace dynamicpo::inline v1 {
namespace detail {
struct block_archetype {
  void operator()(index block, index lane) const;
};
}  // namespace detail

/// Where blocks of rows run. A policy says how many may run at a time, `lanes(blocks)` >= 1, and runs
/// `work(block, lane)` once for every block in [0, blocks), no two at a time with the same lane in [0, lanes(blocks)).
/// Blocks are fixed by the shape of the batch and merged in order by the caller, so any policy gives the same bits.
template <class E>
concept block_policy = requires(const E& policy, index blocks) {
  { policy.lanes(blocks) } -> std::same_as<index>;
  policy.for_each_block(blocks, detail::block_archetype{});
};

/// Or whole batches go elsewhere, by functions of their own (exec/cuda.cuh): `takes_whole_batches` is true.
template <class E>
concept batch_policy = requires { requires E::takes_whole_batches; };

/// Either, with the space of the memory that it works on.
template <class E>
concept execution_policy = std::copyable<E> && requires { typename E::space_type; } &&
    (block_policy<E> || batch_policy<E>);

}  // namespace dynamicpo::inline v1
