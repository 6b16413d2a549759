// SPDX-License-Identifier: MIT
#pragma once

#include <concepts>
#include <span>

#include "dynamicpo/error.hpp"
#include "dynamicpo/objective/margins.hpp"
#include "dynamicpo/score/scalar.hpp"

namespace dynamicpo::inline v1 {

template <class M, class T>
concept margin_stage = std::copyable<M> && requires(const M& margin, const T& x) {
  { margin.utility(x, x) } -> std::convertible_to<T>;
  { margin.slope(x) } -> std::convertible_to<T>;
  { margin.target() } -> std::convertible_to<double>;
  { M::needs_reference } -> std::convertible_to<bool>;
  { M::can_underflow } -> std::convertible_to<bool>;
};

template <class A, class T>
concept aggregate_stage = std::copyable<A> && requires(const A& aggregate, std::span<T> margins) {
  { aggregate.reduce(margins) } -> std::convertible_to<T>;
  { A::max_negatives } -> std::convertible_to<index>;
};

template <class L, class T>
concept link_stage = std::copyable<L> && requires(const L& link, const T& z) {
  { link.value(z) } -> std::convertible_to<T>;
  { link.derivative(z) } -> std::convertible_to<T>;
};

namespace objective {

/// An objective is margin x aggregate x link. Its loss for one row is link(aggregate(m_1..m_n)); its gradient one chain
/// rule: dL/dm_i = link'(z) dz/dm_i, dL/ds_i = -beta_i dL/dm_i u'(i), dL/ds_w = sum of beta_i dL/dm_i u'(w).
template <class Margin, class Aggregate, class Link>
struct composed {
  using margin_type = Margin;
  using aggregate_type = Aggregate;
  using link_type = Link;

  Margin margin{};
  Aggregate aggregate{};
  Link link{};
};

template <class Margin, class Aggregate, class Link>
composed(Margin, Aggregate, Link) -> composed<Margin, Aggregate, Link>;

}  // namespace objective

/// Anything shaped like `objective::composed` whose stages work on T.
template <class O, class T>
concept objective_for = std::copyable<O> && requires(const O& objective) {
  requires margin_stage<std::remove_cvref_t<decltype(objective.margin)>, T>;
  requires aggregate_stage<std::remove_cvref_t<decltype(objective.aggregate)>, T>;
  requires link_stage<std::remove_cvref_t<decltype(objective.link)>, T>;
};

namespace detail {
/// A stage, selection or beta rule that says `static constexpr bool lane_wise = true` runs on several rows at a time:
/// its templates take detail::lanes as well. They then choose by detail::where and go to no function but
/// detail::elementary's. One that does not say so runs row by row, with the same results.
template <class Stage>
concept lane_wise = requires {
  requires std::remove_cvref_t<Stage>::lane_wise;
};

template <class Objective>
concept lane_wise_objective = requires(const Objective& objective) {
  requires lane_wise<decltype(objective.margin)>;
  requires lane_wise<decltype(objective.aggregate)>;
  requires lane_wise<decltype(objective.link)>;
};
}  // namespace detail

}  // namespace dynamicpo::inline v1
