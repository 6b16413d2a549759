// SPDX-License-Identifier: MIT
// A two-tower recommender trained on Eigen blocks: the library reads the scores and writes their gradient in place.
#include <cstdio>

#include <Eigen/Core>

#include "dynamicpo/adapt/eigen.hpp"
#include "dynamicpo/dynamicpo.hpp"

namespace po = dynamicpo;

constexpr Eigen::Index users = 64, candidates = 16, dimensions = 8;  // item 0 of each user's candidates is the chosen

// Reproducible numbers in [-1, 1).
Eigen::MatrixXf drawn(Eigen::Index rows, Eigen::Index columns, std::uint64_t stream) {
  po::sample::philox_engine engine{1, stream};
  return Eigen::MatrixXf::NullaryExpr(rows, columns, [&] { return static_cast<float>(2 * engine.uniform() - 1); });
}

int main() {
  Eigen::MatrixXf user_tower = drawn(users, dimensions, 0);
  Eigen::MatrixXf item_tower = drawn(users * candidates, dimensions, 1);
  Eigen::MatrixXf scores(users, candidates), gradient(users, candidates);
  const auto policy = po::view(scores.col(0), scores.rightCols(candidates - 1));  // blocks, not copies
  const auto score_gradient = po::view(gradient.col(0), gradient.rightCols(candidates - 1));
  const auto pipeline = po::dynamic(po::objective::sdpo);

  double first_loss = 0, loss = 0, hit_ratio = 0;
  for (int step = 0; step < 200; ++step) {
    Eigen::Index hits = 0;
    for (Eigen::Index u = 0; u < users; ++u) {
      const auto items = item_tower.middleRows(u * candidates, candidates);
      scores.row(u).noalias() = user_tower.row(u) * items.transpose();
      hits += scores(u, 0) > scores.row(u).tail(candidates - 1).maxCoeff() ? 1 : 0;
    }
    hit_ratio = static_cast<double>(hits) / users;
    loss = po::loss_and_gradient(po::exec::seq, pipeline, policy, po::reference_free, {.gradient = score_gradient})
               .loss;
    if (step == 0) { first_loss = loss; }
    if (step % 50 == 0) { std::printf("step %3d  loss %.4f  HR@1 %.3f\n", step, loss, hit_ratio); }

    for (Eigen::Index u = 0; u < users; ++u) {  // chain rule from scores to towers
      auto items = item_tower.middleRows(u * candidates, candidates);
      const Eigen::RowVectorXf user_step = gradient.row(u) * items;
      items.noalias() -= 2.0f * gradient.row(u).transpose() * user_tower.row(u);
      user_tower.row(u) -= 2.0f * user_step;
    }
  }
  std::printf("step 200  loss %.4f  HR@1 %.3f\n", loss, hit_ratio);
  return loss < first_loss && hit_ratio == 1.0 ? 0 : 1;
}
