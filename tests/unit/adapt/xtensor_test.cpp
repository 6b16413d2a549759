// SPDX-License-Identifier: MIT
#include "dynamicpo/adapt/xtensor.hpp"

#include <array>
#include <cmath>
#include <cstdint>
#include <type_traits>
#include <vector>

#include <xtensor/xadapt.hpp>
#include <xtensor/xfixed.hpp>

#include "dynamicpo/dynamicpo.hpp"
#include "support/catch.hpp"
#include "unit/adapt/same_as_spans.hpp"

namespace po = dynamicpo;
using adapt_test::batch;
using adapt_test::columns;
using adapt_test::rows;

namespace {

constexpr auto all_rows = static_cast<std::size_t>(rows);
constexpr auto width = static_cast<std::size_t>(columns + 1);

using row_major = xt::xtensor<float, 2, xt::layout_type::row_major>;
using col_major = xt::xtensor<float, 2, xt::layout_type::column_major>;
using dynamic_rank = xt::xarray<float>;
using fixed_shape = xt::xtensor_fixed<float, xt::xshape<all_rows, width>>;

template <class Block>
void fill(Block&& block, const batch& values) {
  for (std::size_t b = 0; b < all_rows; ++b) {
    block(b, 0) = values.chosen[b];
    for (std::size_t k = 0; k + 1 < width; ++k) { block(b, k + 1) = values.rejected[b * (width - 1) + k]; }
  }
}

// Chosen in column 0, rejected in the others.
template <class Container>
Container policy_scores() {
  Container m = xt::zeros<float>({all_rows, width});
  fill(m, adapt_test::policy());
  return m;
}

// Chosen is the first column of `block`, rejected the others: the same memory, element by element.
template <class T, class Block>
void require_no_copy(const po::scores<T>& view, Block& block) {
  REQUIRE(view.rows() == static_cast<po::index>(block.shape()[0]));
  for (po::index b = 0; b < view.rows(); ++b) {
    REQUIRE(&view.chosen(b) == &block(b, 0));
    REQUIRE(view.negatives(b) == static_cast<po::index>(block.shape()[1]) - 1);
    for (po::index k = 0; k < view.negatives(b); ++k) { REQUIRE(&view.rejected(b, k) == &block(b, k + 1)); }
  }
}

constexpr auto rejected_columns = [] { return xt::range(1, xt::placeholders::_); };

}  // namespace

TEMPLATE_TEST_CASE("xtensor: containers and views are viewed in place", "", row_major, col_major, dynamic_rank,
                   fixed_shape) {
  auto scores = policy_scores<TestType>();

  SECTION("views, which are temporaries") {
    const auto view = po::view(xt::view(scores, xt::all(), 0), xt::view(scores, xt::all(), rejected_columns()));
    require_no_copy(view, scores);
    adapt_test::require_same_as_spans(view);
  }
  SECTION("strided views, which are temporaries") {
    const auto view = po::view(xt::strided_view(scores, {xt::all(), 0}),
                               xt::strided_view(scores, {xt::all(), xt::range(1, static_cast<int>(width))}));
    require_no_copy(view, scores);
    adapt_test::require_same_as_spans(view);
  }
  SECTION("a view of a view within a larger array, every second column") {
    row_major larger = 1e30f * xt::ones<float>({all_rows + 5, 2 * width + 7});
    auto block = xt::view(larger, xt::range(2, 2 + rows), xt::range(3, 3 + 2 * (columns + 1), 2));
    fill(block, adapt_test::policy());
    const auto view = po::view(xt::view(block, xt::all(), 0), xt::view(block, xt::all(), rejected_columns()));
    require_no_copy(view, block);
    adapt_test::require_same_as_spans(view);
  }
  SECTION("a reversed view: negative strides") {
    auto reversed = xt::view(scores, xt::all(), xt::range(columns, -static_cast<int>(width) - 1, -1));
    const auto view = po::view(xt::view(scores, xt::all(), 0), reversed);
    REQUIRE(view.negatives(0) == columns + 1);
    REQUIRE(&view.rejected(2, 0) == &scores(2, width - 1));
    REQUIRE(&view.rejected(2, columns) == &scores(2, 0));
  }
  SECTION("transposed") {
    auto by_item = xt::transpose(scores);
    const auto view = po::view(xt::strided_view(by_item, {0, xt::all()}),
                               xt::transpose(xt::strided_view(by_item, {rejected_columns(), xt::all()})));
    require_no_copy(view, scores);
    adapt_test::require_same_as_spans(view);
  }
}

TEST_CASE("xtensor: adapted memory is viewed in place") {
  batch values = adapt_test::policy();
  const std::vector<std::size_t> shape{all_rows, width - 1};
  const std::array<std::size_t, 2> fixed{all_rows, width - 1};
  auto chosen = xt::adapt(values.chosen);

  const auto by_container = po::view(chosen, xt::adapt(values.rejected, fixed));
  REQUIRE(&by_container.chosen(0) == values.chosen.data());
  REQUIRE(&by_container.rejected(1, 2) == &values.rejected[width + 1]);
  adapt_test::require_same_as_spans(by_container);

  const auto by_pointer =
      po::view(chosen, xt::adapt(values.rejected.data(), values.rejected.size(), xt::no_ownership(), shape));
  REQUIRE(&by_pointer.rejected(1, 2) == &values.rejected[width + 1]);
  adapt_test::require_same_as_spans(by_pointer);
}

TEST_CASE("xtensor: a flat vector is cut into rows, and is ragged with offsets") {
  batch values = adapt_test::policy();
  xt::xtensor<float, 1> chosen = xt::adapt(values.chosen);
  xt::xtensor<float, 1> rejected = xt::adapt(values.rejected);
  adapt_test::require_same_as_spans(po::view(chosen, rejected));

  std::vector<std::int64_t> offsets;
  for (po::index b = 0; b <= rows; ++b) { offsets.push_back(b * columns); }
  adapt_test::require_same_as_spans(po::view(chosen, rejected, offsets));
  xt::xarray<float> dynamic_chosen = chosen, dynamic_rejected = rejected;
  adapt_test::require_same_as_spans(po::view(dynamic_chosen, dynamic_rejected, offsets));
}

TEST_CASE("xtensor: one row, one negative: strides of 0 for extents of 1") {
  row_major scores = xt::zeros<float>({1, 2});
  scores(0, 0) = -2.0f;
  scores(0, 1) = -1.0f;
  const auto view = po::view(xt::view(scores, xt::all(), 0), xt::view(scores, xt::all(), xt::range(1, 2)));
  require_no_copy(view, scores);
  row_major gradient = xt::zeros<float>({1, 2});
  const auto result = po::loss_and_gradient(
      po::exec::seq, po::vanilla(po::objective::dpo), view, po::reference_free,
      {.gradient = po::view(xt::view(gradient, xt::all(), 0), xt::view(gradient, xt::all(), xt::range(1, 2)))});
  REQUIRE(std::abs(result.loss - std::log1p(std::exp(1.0))) <= 1e-6);
  REQUIRE(std::abs(gradient(0, 0) + 1.0f / (1.0f + std::exp(-1.0f))) <= 1e-6f);
  REQUIRE(gradient(0, 1) == -gradient(0, 0));
}

TEST_CASE("xtensor: a number of dimensions that does not fit is named") {
  xt::xarray<float> chosen = xt::zeros<float>({3, 1}), rejected = xt::zeros<float>({3, 4});
  REQUIRE_THROWS_WITH(po::view(chosen, rejected),
                      "dynamicpo::view: an xtensor expression has 2 dimensions, expected 1");
  xt::xarray<float> flat = xt::zeros<float>({3}), flat_rejected = xt::zeros<float>({12});
  REQUIRE_THROWS_WITH(po::view(flat, flat_rejected),
                      "dynamicpo::view: an xtensor expression has 1 dimensions, expected 2");
}

TEST_CASE("xtensor: a view of const memory is const") {
  const auto fixed = policy_scores<row_major>();
  row_major free = fixed;
  const auto viewed = [](auto& m) {
    return po::view(xt::view(m, xt::all(), 0), xt::view(m, xt::all(), rejected_columns()));
  };
  STATIC_REQUIRE(std::is_same_v<decltype(viewed(fixed)), po::scores<const float>>);
  STATIC_REQUIRE(std::is_same_v<decltype(viewed(free)), po::scores<float>>);
}

TEMPLATE_TEST_CASE("xtensor: the gradient goes through a view and touches nothing else", "", row_major, col_major,
                   dynamic_rank) {
  constexpr float untouched = 123.0f;
  const adapt_test::answer expected = adapt_test::by_spans();
  TestType larger = untouched * xt::ones<float>({all_rows + 4, width + 2});
  auto block = xt::view(larger, xt::range(1, 1 + rows), xt::range(2, 2 + columns));
  adapt_test::run(po::view(adapt_test::policy().chosen, adapt_test::policy().rejected),
                  po::view(xt::view(larger, xt::range(1, 1 + rows), 0), block));

  for (std::size_t b = 0; b < larger.shape()[0]; ++b) {
    for (std::size_t k = 0; k < larger.shape()[1]; ++k) {
      const bool inside = b >= 1 && b <= all_rows;
      if (inside && k == 0) {
        REQUIRE(larger(b, k) == expected.gradient.chosen[b - 1]);
      } else if (inside && k >= 2 && k < width + 1) {
        REQUIRE(larger(b, k) == expected.gradient.rejected[(b - 1) * (width - 1) + k - 2]);
      } else {
        REQUIRE(larger(b, k) == untouched);
      }
    }
  }
}
