// SPDX-License-Identifier: MIT
#include "dynamicpo/adapt/eigen.hpp"

#include <cstdint>
#include <type_traits>
#include <vector>

#include "dynamicpo/dynamicpo.hpp"
#include "support/catch.hpp"
#include "unit/adapt/same_as_spans.hpp"

namespace po = dynamicpo;
using adapt_test::batch;
using adapt_test::columns;
using adapt_test::rows;

namespace {

using row_major = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using col_major = Eigen::MatrixXf;

// Chosen in column 0, rejected in the others.
template <class Matrix>
Matrix scores_of(const batch& values) {
  Matrix m(rows, columns + 1);
  for (Eigen::Index b = 0; b < rows; ++b) {
    m(b, 0) = values.chosen[static_cast<std::size_t>(b)];
    for (Eigen::Index k = 0; k < columns; ++k) {
      m(b, k + 1) = values.rejected[static_cast<std::size_t>(b * columns + k)];
    }
  }
  return m;
}

// Chosen is the first column of `block`, rejected the others: the same memory, element by element.
template <class T, class Block>
void require_no_copy(const po::scores<T>& view, Block& block) {
  REQUIRE(view.rows() == block.rows());
  for (po::index b = 0; b < view.rows(); ++b) {
    REQUIRE(&view.chosen(b) == &block.coeffRef(b, 0));
    REQUIRE(view.negatives(b) == block.cols() - 1);
    for (po::index k = 0; k < view.negatives(b); ++k) { REQUIRE(&view.rejected(b, k) == &block.coeffRef(b, k + 1)); }
  }
}

}  // namespace

TEMPLATE_TEST_CASE("eigen: matrices, blocks, maps and refs are viewed in place", "", row_major, col_major) {
  const batch values = adapt_test::policy();
  TestType scores = scores_of<TestType>(values);

  SECTION("whole vector and matrix") {
    Eigen::VectorXf chosen = scores.col(0);
    TestType rejected = scores.rightCols(columns);
    const auto view = po::view(chosen, rejected);
    REQUIRE(&view.chosen(1) == &chosen(1));
    REQUIRE(&view.rejected(1, 2) == &rejected(1, 2));
    adapt_test::require_same_as_spans(view);
  }
  SECTION("blocks, which are temporaries") {
    const auto view = po::view(scores.col(0), scores.rightCols(columns));
    require_no_copy(view, scores);
    adapt_test::require_same_as_spans(view);
  }
  SECTION("a block within a larger matrix, at both strides") {
    TestType larger = TestType::Constant(rows + 5, columns + 7, 1e30f);
    larger.block(2, 3, rows, columns + 1) = scores;
    auto block = larger.block(2, 3, rows, columns + 1);
    const auto view = po::view(block.col(0), block.rightCols(columns));
    require_no_copy(view, block);
    adapt_test::require_same_as_spans(view);
  }
  SECTION("one column as chosen") {
    const auto view = po::view(scores.leftCols(1), scores.rightCols(columns));
    require_no_copy(view, scores);
    adapt_test::require_same_as_spans(view);
  }
  SECTION("transposes") {
    TestType items_by_users = scores.transpose();
    const auto view = po::view(items_by_users.row(0), items_by_users.bottomRows(columns).transpose());
    REQUIRE(&view.chosen(1) == &items_by_users(0, 1));
    REQUIRE(&view.rejected(1, 2) == &items_by_users(3, 1));
    adapt_test::require_same_as_spans(view);
  }
  SECTION("maps with gaps") {
    std::vector<float> memory(static_cast<std::size_t>(2 * scores.size()));
    using strided = Eigen::Stride<Eigen::Dynamic, Eigen::Dynamic>;
    Eigen::Map<TestType, 0, strided> map(memory.data(), rows, columns + 1, strided{2 * scores.outerStride(), 2});
    map = scores;
    const auto view = po::view(map.col(0), map.rightCols(columns));
    require_no_copy(view, map);
    adapt_test::require_same_as_spans(view);
  }
  SECTION("a reference to a block") {
    Eigen::Ref<TestType> rejected = scores.rightCols(columns);
    const auto view = po::view(scores.col(0), rejected);
    require_no_copy(view, scores);
    adapt_test::require_same_as_spans(view);
  }
  SECTION("arrays") {
    const auto view = po::view(scores.array().col(0), scores.array().rightCols(columns));
    require_no_copy(view, scores);
    adapt_test::require_same_as_spans(view);
  }
}

TEST_CASE("eigen: a flat vector is cut into rows, and is ragged with offsets") {
  batch values = adapt_test::policy();
  const Eigen::Map<Eigen::VectorXf> chosen(values.chosen.data(), rows);
  const Eigen::Map<Eigen::VectorXf> rejected(values.rejected.data(), rows * columns);
  adapt_test::require_same_as_spans(po::view(chosen, rejected));

  std::vector<std::int64_t> offsets;
  for (po::index b = 0; b <= rows; ++b) { offsets.push_back(b * columns); }
  adapt_test::require_same_as_spans(po::view(chosen, rejected, offsets));
}

TEST_CASE("eigen: a view of const memory is const") {
  const col_major fixed = scores_of<col_major>(adapt_test::policy());
  col_major free = fixed;
  STATIC_REQUIRE(std::is_same_v<decltype(po::view(fixed.col(0), fixed.rightCols(columns))), po::scores<const float>>);
  STATIC_REQUIRE(std::is_same_v<decltype(po::view(free.col(0), free.rightCols(columns))), po::scores<float>>);
  STATIC_REQUIRE(std::is_same_v<decltype(po::view(fixed.col(0), free.rightCols(columns))), po::scores<const float>>);
}

TEMPLATE_TEST_CASE("eigen: the gradient goes through a block and touches nothing else", "", row_major, col_major) {
  constexpr float untouched = 123.0f;
  const adapt_test::answer expected = adapt_test::by_spans();
  TestType larger = TestType::Constant(rows + 4, columns + 3, untouched);
  auto block = larger.block(1, 2, rows, columns);
  adapt_test::run(po::view(adapt_test::policy().chosen, adapt_test::policy().rejected),
                  po::view(larger.col(0).segment(1, rows), block));

  for (Eigen::Index b = 0; b < larger.rows(); ++b) {
    for (Eigen::Index k = 0; k < larger.cols(); ++k) {
      const bool inside = b >= 1 && b <= rows;
      const auto row = static_cast<std::size_t>(b - 1);
      if (inside && k == 0) {
        REQUIRE(larger(b, k) == expected.gradient.chosen[row]);
      } else if (inside && k >= 2 && k < 2 + columns) {
        REQUIRE(larger(b, k) == expected.gradient.rejected[row * columns + static_cast<std::size_t>(k - 2)]);
      } else {
        REQUIRE(larger(b, k) == untouched);
      }
    }
  }
}
