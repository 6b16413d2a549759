// SPDX-License-Identifier: MIT
#include "toy_llm/model.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numbers>
#include <stdexcept>
#include <string>

#include "dynamicpo/sample/philox.hpp"
#include "toy_llm/panel_product.hpp"
#include "toy_llm/softmax.hpp"

namespace toy_llm {
namespace {

using Eigen::Index;

// Positions whose logits are in flight together: states and one panel of weights stay in the first-level cache, logits
// in the second.
constexpr Index tile_width = 96;

constexpr std::size_t at(Index i) { return static_cast<std::size_t>(i); }

std::size_t parameter_count(Index vocabulary, Index history_columns) {
  return at(embedding_width * (vocabulary + history_columns) + hidden_width * (embedding_width + 1) +
            hidden_width * embedding_width * Index{context_length} + (hidden_width + 1) * vocabulary);
}

}  // namespace

template <std::floating_point Scalar>
language_model<Scalar>::view::view(Scalar* data, Index vocabulary, Index history_columns)
    : token{data, embedding_width, vocabulary},
      history{token.data() + token.size(), embedding_width, history_columns},
      context_weight{history.data() + history.size()},
      context_bias{context_weight.data() + context_weight.size()},
      prefix_weight{context_bias.data() + context_bias.size()},
      output_weight{prefix_weight.data() + prefix_weight.size(), hidden_width, vocabulary},
      output_bias{output_weight.data() + output_weight.size(), vocabulary} {}

template <std::floating_point Scalar>
language_model<Scalar>::language_model(const catalogue& items, const title_trie& titles, const model_options& options)
    : items_{&items},
      titles_{&titles},
      representation_{options.history},
      vocabulary_{static_cast<Index>(items.vocabulary.size())},
      history_columns_{representation_ == item_representation::title ? vocabulary_ : std::ssize(items.tokens)},
      parameters_(parameter_count(vocabulary_, history_columns_)),
      gradient_(parameters_.size()) {
  if (titles.items() != items.tokens.size()) {
    throw std::invalid_argument("toy_llm::language_model: expected a trie of the catalogue's " +
                                std::to_string(items.tokens.size()) + " titles, found one of " +
                                std::to_string(titles.items()));
  }
  dynamicpo::sample::philox_engine random{options.seed, std::uint64_t{1} << 63};
  const auto normal = [&](auto&& part) {
    for (Index i = 0; i < part.size(); ++i) {
      const double radius = std::sqrt(-2 * std::log1p(-random.uniform()));
      part.data()[i] = static_cast<Scalar>(0.1 * radius * std::cos(2 * std::numbers::pi * random.uniform()));
    }
  };
  const auto uniform = [&](auto&& part, int inputs) {
    const double bound = 1 / std::sqrt(inputs);
    for (Index i = 0; i < part.size(); ++i) part.data()[i] = static_cast<Scalar>(bound * (2 * random.uniform() - 1));
  };
  view p = view_of(parameters_);
  normal(p.token);
  normal(p.history);
  uniform(p.context_weight, embedding_width);
  uniform(p.context_bias, embedding_width);
  uniform(p.prefix_weight, embedding_width * int{context_length});
  uniform(p.output_weight, hidden_width);
  uniform(p.output_bias, hidden_width);
}

/// Calls use(column of r, weight) for each column that makes up the mean.
template <std::floating_point Scalar>
template <class Use>
void language_model<Scalar>::each_history_column(std::span<const item_id> history, Use use) const {
  const auto share = Scalar{1} / static_cast<Scalar>(history.size());
  for (const item_id item : history) {
    if (representation_ == item_representation::embedding) {
      use(Index{item}, share);
    } else {
      const auto& tokens = items_->tokens[at(item)];
      for (const token_id token : tokens) use(Index{token}, share / static_cast<Scalar>(tokens.size()));
    }
  }
}

template <std::floating_point Scalar>
void language_model<Scalar>::begin(std::span<const std::span<const item_id>> histories) {
  const view p = view_of(parameters_);
  const Index rows = std::ssize(histories);
  kept_ = false;
  histories_.assign(histories.begin(), histories.end());
  mean_.setZero(embedding_width, rows);
  for (Index row = 0; row < rows; ++row) {
    auto mean = mean_.col(row);
    each_history_column(histories[at(row)],
                        [&](Index column, Scalar weight) { mean += weight * p.history.col(column); });
  }
  context_.resize(hidden_width, rows);
  panel_product<Scalar>{.rows = hidden_width,
                        .columns = rows,
                        .depth = embedding_width,
                        .a = p.context_weight.data(),
                        .a_stride = hidden_width,
                        .b = mean_.data(),
                        .b_row_stride = 1,
                        .b_column_stride = embedding_width,
                        .c = context_.data(),
                        .c_stride = hidden_width,
                        .start = p.context_bias.data()}
      .compute();

  prefix_.setZero(hidden_width, vocabulary_ * Index{context_length});
  for (std::size_t back = 0; back < context_length; ++back) {
    const Index block = Index{embedding_width} * static_cast<Index>(back);
    panel_product<Scalar>{.rows = hidden_width,
                          .columns = vocabulary_,
                          .depth = embedding_width,
                          .a = p.prefix_weight.col(block).data(),
                          .a_stride = hidden_width,
                          .b = p.token.data(),
                          .b_row_stride = 1,
                          .b_column_stride = embedding_width,
                          .c = prefix_table(prefix_, back).data(),
                          .c_stride = hidden_width}
        .compute();
  }
  if (titles_->over() == support::vocabulary) {
    output_rows_.setZero(padded_rows<Scalar>(vocabulary_), hidden_width);
    output_rows_.topRows(vocabulary_) = p.output_weight.transpose();
    output_bias_.setConstant(output_rows_.rows(), std::numeric_limits<Scalar>::lowest());
    output_bias_.head(vocabulary_) = p.output_bias;
  }
}

/// Calls visit(j, logits, count) for each position j, where logits past width() are the lowest number. They may be
/// overwritten; when kept, what is left there stays in exponentials_ from exponentials_at_[j] on, and the state h in
/// hidden_.
template <std::floating_point Scalar>
template <class Visit>
void language_model<Scalar>::each_logits(std::span<const position> positions, activations keep, Visit visit) {
  const view p = view_of(parameters_);
  const bool kept = keep == activations::keep;
  const Index count = std::ssize(positions), slots = kept ? count : std::min(count, tile_width);
  exponentials_at_.assign(1, 0);
  for (const position& x : positions.first(at(slots)))
    exponentials_at_.push_back(exponentials_at_.back() + at(padded_rows<Scalar>(width(x))));
  const auto grow = [](buffer& values, std::size_t size) {
    if (values.size() < size) values.resize(size);
  };
  grow(hidden_, at(hidden_width * slots));
  grow(exponentials_, kept ? exponentials_at_.back() : at(slots * padded_rows<Scalar>(vocabulary_)));

  for (Index first = 0; first < count; first += tile_width) {
    const Index tile = std::min(tile_width, count - first);
    Eigen::Map<hidden_columns> h{hidden_.data() + (kept ? hidden_width * first : 0), hidden_width, tile};
    for (Index j = 0; j < tile; ++j) {
      const auto& [row, context, legal] = positions[at(first + j)];
      static_assert(context_length == 3);
      h.col(j) = (context_.col(row) + prefix_table(prefix_, 0).col(context[0]) +
                  prefix_table(prefix_, 1).col(context[1]) + prefix_table(prefix_, 2).col(context[2]))
                     .array()
                     .tanh();
    }
    Scalar* place = exponentials_.data() + (kept ? exponentials_at_[at(first)] : 0);
    if (titles_->over() == support::vocabulary) {
      const Index rows = output_rows_.rows();
      panel_product<Scalar>{.rows = rows,
                            .columns = tile,
                            .depth = hidden_width,
                            .a = output_rows_.data(),
                            .a_stride = rows,
                            .b = h.data(),
                            .b_row_stride = 1,
                            .b_column_stride = hidden_width,
                            .c = place,
                            .c_stride = rows,
                            .start = output_bias_.data()}
          .compute();
      for (Index j = 0; j < tile; ++j) visit(first + j, place + j * rows, rows);
    } else {
      for (Index j = 0; j < tile; ++j) {
        const position& x = positions[at(first + j)];
        const Index rows = padded_rows<Scalar>(width(x));
        Eigen::Map<vector> logits{place, rows};
        for (Index slot = 0; slot < width(x); ++slot) {
          const token_id token = x.legal[at(slot)];
          logits[slot] = p.output_bias[token] + p.output_weight.col(token).dot(h.col(j));
        }
        logits.tail(rows - width(x)).setConstant(std::numeric_limits<Scalar>::lowest());
        visit(first + j, place, rows);
        if (kept) place += rows;
      }
    }
  }
}

template <std::floating_point Scalar>
void language_model<Scalar>::extend(const step_batch& steps, std::vector<Scalar>& total, activations keep) {
  const auto first_choice = std::lower_bound(steps.first_choice.begin(), steps.first_choice.end(), std::ssize(total));
  const auto first = static_cast<std::size_t>(first_choice - steps.first_choice.begin());
  const auto positions = std::span{steps.positions}.subspan(first);
  total.resize(steps.slot.size());
  if (keep == activations::keep) inverse_sum_.resize(positions.size());
  each_logits(positions, keep, [&](Index j, Scalar* logits, Index count) {
    const auto begin = at(steps.first_choice[first + at(j)]), end = at(steps.first_choice[first + at(j) + 1]);
    for (auto choice = begin; choice < end; ++choice) total[choice] = logits[steps.slot[choice]];
    const auto [largest, sum] = exponentiate(logits, count);
    const Scalar log_sum = std::log(sum);
    for (auto choice = begin; choice < end; ++choice) {
      const std::int32_t parent = steps.parent[choice];
      total[choice] = (total[choice] - largest) + ((parent < 0 ? Scalar{0} : total[at(parent)]) - log_sum);
    }
    if (keep == activations::keep) inverse_sum_[at(j)] = 1 / sum;
  });
}

template <std::floating_point Scalar>
std::span<const Scalar> language_model<Scalar>::log_prob(const score_batch& batch, activations keep) {
  prefix_walk walk{*titles_, batch};
  while (walk.advance()) {
  }
  begin(batch.histories);
  total_.clear();
  extend(walk.steps(), total_, keep);
  scores_.clear();
  for (const std::int32_t choice : walk.latest_choice()) scores_.push_back(choice < 0 ? Scalar{0} : total_[at(choice)]);
  kept_ = keep == activations::keep;
  if (kept_) {
    steps_ = walk.steps();
    latest_choice_.assign(walk.latest_choice().begin(), walk.latest_choice().end());
  }
  return scores_;
}

template <std::floating_point Scalar>
void language_model<Scalar>::backward(std::span<const Scalar> coefficients) {
  if (!kept_) {
    throw std::logic_error("toy_llm::language_model::backward: expected a batch scored with activations::keep last");
  }
  if (coefficients.size() != latest_choice_.size()) {
    throw std::invalid_argument("toy_llm::language_model::backward: expected one coefficient for each of the " +
                                std::to_string(latest_choice_.size()) + " items last scored, found " +
                                std::to_string(coefficients.size()));
  }
  // A choice counts as often as the sequences through it: sums from the ends of the titles to their beginnings.
  std::vector<Scalar> of_choice(steps_.slot.size());
  for (std::size_t i = 0; i < coefficients.size(); ++i) {
    if (latest_choice_[i] >= 0) of_choice[at(latest_choice_[i])] += coefficients[i];
  }
  for (std::size_t choice = of_choice.size(); choice-- > 0;) {
    if (const std::int32_t parent = steps_.parent[choice]; parent >= 0) of_choice[at(parent)] += of_choice[choice];
  }
  context_gradient_.setZero(hidden_width, context_.cols());
  prefix_gradient_.setZero(hidden_width, prefix_.cols());
  backward_output(of_choice);
  backward_input();
}

/// From choices to the output layer, the contexts and the prefix tables, for the positions with a choice that counts.
template <std::floating_point Scalar>
void language_model<Scalar>::backward_output(std::span<const Scalar> of_choice) {
  const view p = view_of(parameters_);
  view g = view_of(gradient_);
  const auto choices = [&](std::size_t position) {
    const auto begin = at(steps_.first_choice[position]), end = at(steps_.first_choice[position + 1]);
    return std::span{of_choice}.subspan(begin, end - begin);
  };
  std::vector<std::size_t> live;
  for (std::size_t i = 0; i < steps_.positions.size(); ++i) {
    if (std::ranges::any_of(choices(i), [](Scalar c) { return c != 0; })) live.push_back(i);
  }
  // d/d(logits) = coefficients of the choices - (their sum) softmax.
  const auto logits_gradient = [&](std::size_t i, auto&& out) {
    Scalar sum = 0;
    for (const Scalar c : choices(i)) sum += c;
    const Eigen::Map<const vector> exponentials{exponentials_.data() + exponentials_at_[i], out.size()};
    out = (-sum * inverse_sum_[i]) * exponentials;
    for (std::size_t k = 0; k < choices(i).size(); ++k)
      out[steps_.slot[at(steps_.first_choice[i]) + k]] += choices(i)[k];
  };
  const bool dense = titles_->over() == support::vocabulary;
  hidden_columns h(hidden_width, tile_width), h_gradient(hidden_width, tile_width);
  matrix logits(vocabulary_, dense ? tile_width : 1);
  for (std::size_t first = 0; first < live.size(); first += at(tile_width)) {
    const auto tile = std::span{live}.subspan(first, std::min(at(tile_width), live.size() - first));
    const Index columns = std::ssize(tile);
    for (Index j = 0; j < columns; ++j) {
      h.col(j) = Eigen::Map<const Eigen::Matrix<Scalar, hidden_width, 1>>{hidden_.data() + hidden_width * tile[at(j)]};
    }
    h_gradient.setZero();
    if (dense) {
      for (Index j = 0; j < columns; ++j) {
        logits_gradient(tile[at(j)], logits.col(j));
        g.output_bias += logits.col(j);
      }
      panel_product<Scalar>{.rows = hidden_width,
                            .columns = columns,
                            .depth = vocabulary_,
                            .a = p.output_weight.data(),
                            .a_stride = hidden_width,
                            .b = logits.data(),
                            .b_row_stride = 1,
                            .b_column_stride = vocabulary_,
                            .c = h_gradient.data(),
                            .c_stride = hidden_width}
          .compute();
      panel_product<Scalar>{.rows = hidden_width,
                            .columns = vocabulary_,
                            .depth = columns,
                            .a = h.data(),
                            .a_stride = hidden_width,
                            .b = logits.data(),
                            .b_row_stride = vocabulary_,
                            .b_column_stride = 1,
                            .c = g.output_weight.data(),
                            .c_stride = hidden_width}
          .compute();
    } else {
      for (Index j = 0; j < columns; ++j) {
        const auto legal = steps_.positions[tile[at(j)]].legal;
        auto d = logits.col(0).head(std::ssize(legal));
        logits_gradient(tile[at(j)], d);
        for (Index slot = 0; slot < d.size(); ++slot) {
          const token_id token = legal[at(slot)];
          h_gradient.col(j) += d[slot] * p.output_weight.col(token);
          g.output_weight.col(token) += d[slot] * h.col(j);
          g.output_bias[token] += d[slot];
        }
      }
    }
    for (Index j = 0; j < columns; ++j) {
      const position& x = steps_.positions[tile[at(j)]];
      const Eigen::Matrix<Scalar, hidden_width, 1> d = h_gradient.col(j).array() * (1 - h.col(j).array().square());
      context_gradient_.col(x.row) += d;
      for (std::size_t back = 0; back < context_length; ++back)
        prefix_table(prefix_gradient_, back).col(x.context[back]) += d;
    }
  }
}

/// From the contexts and the prefix tables to the parameters below them.
template <std::floating_point Scalar>
void language_model<Scalar>::backward_input() {
  const view p = view_of(parameters_);
  view g = view_of(gradient_);
  for (std::size_t back = 0; back < context_length; ++back) {
    const auto d = prefix_table(prefix_gradient_, back);
    const Index block = Index{embedding_width} * static_cast<Index>(back);
    g.prefix_weight.template middleCols<embedding_width>(block).noalias() += d * p.token.transpose();
    g.token.noalias() += p.prefix_weight.template middleCols<embedding_width>(block).transpose() * d;
  }
  g.context_weight.noalias() += context_gradient_ * mean_.transpose();
  g.context_bias.noalias() += context_gradient_.rowwise().sum();
  const embedding_columns mean_gradient = p.context_weight.transpose() * context_gradient_;
  for (Index row = 0; row < std::ssize(histories_); ++row) {
    each_history_column(histories_[at(row)],
                        [&](Index column, Scalar weight) { g.history.col(column) += weight * mean_gradient.col(row); });
  }
}

template <std::floating_point Scalar>
void language_model<Scalar>::most_probable(std::span<const position> positions, std::span<std::int32_t> slots) {
  each_logits(positions, activations::discard, [&](Index j, const Scalar* logits, Index count) {
    const Scalar largest = Eigen::Map<const vector>{logits, count}.template maxCoeff<Eigen::PropagateNaN>();
    slots[at(j)] =
        std::isnan(largest) ? -1 : static_cast<std::int32_t>(std::find(logits, logits + count, largest) - logits);
  });
}

template class language_model<float>;
template class language_model<double>;

}  // namespace toy_llm
