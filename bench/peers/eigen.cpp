// SPDX-License-Identifier: MIT
// DMPO and S-DPO as Eigen array expressions, loss and gradient, evaluated row by row where that saves temporaries.
#include <Eigen/Core>
#include <memory>
#include <stdexcept>

#include "cases/batch.hpp"
#include "cases/kernels.hpp"
#include "peers/serve.hpp"

namespace {

using column = Eigen::ArrayXf;
using matrix = Eigen::Array<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

struct problem {
  bench::batch<float> data;
  matrix ratios;
  column row_values, slopes;

  explicit problem(const bench::bench_case& wanted) : data(bench::make_batch<float>(wanted)) {
    ratios.resize(data.rows, data.negatives);
  }

  void dmpo() {
    row_values = ratio_of_chosen() - (rejected() - reference_rejected()).rowwise().mean();
    link();
    gradient().colwise() = slopes / static_cast<float>(data.negatives);
  }
  void sdpo() {
    ratios = (rejected() - reference_rejected()).colwise() - ratio_of_chosen().eval();
    const column top = ratios.rowwise().maxCoeff();
    ratios = (ratios.colwise() - top).exp();
    const column sums = ratios.rowwise().sum();
    row_values = -(top + sums.log());
    link();
    gradient() = ratios.colwise() * (slopes / sums);
  }

 private:
  // -log sigmoid of the aggregate, and sigmoid(-z) / B.
  void link() {
    const auto e = (-row_values.abs()).exp();
    loss() = (-row_values).max(0.0f) + e.log1p();
    slopes = (row_values < 0.0f).select(1.0f, e) / (1.0f + e) / static_cast<float>(data.rows);
    chosen_gradient() = -slopes;
  }
  Eigen::Map<const column> vector(const std::vector<float>& values) const { return {values.data(), data.rows}; }
  Eigen::Map<const matrix> rejected() const { return {data.rejected.data(), data.rows, data.negatives}; }
  Eigen::Map<const matrix> reference_rejected() const {
    return {data.reference_rejected.data(), data.rows, data.negatives};
  }
  Eigen::Map<matrix> gradient() { return {data.gradient_rejected.data(), data.rows, data.negatives}; }
  Eigen::Map<column> chosen_gradient() { return {data.gradient_chosen.data(), data.rows}; }
  Eigen::Map<column> loss() { return {data.row_loss.data(), data.rows}; }
  column ratio_of_chosen() const { return vector(data.chosen) - vector(data.reference_chosen); }
};

}  // namespace

int main() {
  return bench::serve([](const bench::bench_case& wanted) {
    const auto held = std::make_shared<problem>(wanted);
    const bool losses = wanted.work == bench::work::dmpo || wanted.work == bench::work::sdpo;
    if (!losses || wanted.dynamic || wanted.double_precision || wanted.threads ||
        wanted.layout != bench::layout::dense) {
      throw std::invalid_argument("has only dense DMPO and S-DPO in float on one thread");
    }
    const auto run = [=] { wanted.work == bench::work::dmpo ? held->dmpo() : held->sdpo(); };
    run();
    expect_agreement(wanted, {bench::magnitude_of(held->data.row_loss), bench::magnitude_of(held->data.gradient_chosen),
                              bench::magnitude_of(held->data.gradient_rejected)});
    return bench::stopwatch(run, held->data.rows, clock_of(wanted));
  });
}
