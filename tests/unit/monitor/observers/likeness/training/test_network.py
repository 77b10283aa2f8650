"""The networks' own behaviour; needs torch, which the extra ``train`` brings."""

from itertools import pairwise

import pytest

torch = pytest.importorskip("torch", reason="the extra 'train' is not installed")

from monitor.observers.likeness.training import network, resume  # noqa: E402 - torch may be missing

SMALL = {"side": 32, "widths": (4, 6, 8), "vector": 10}


@pytest.fixture(autouse=True)
def _same_every_time():
    torch.manual_seed(3)


def pictures(count=16):
    return torch.randint(0, 256, (count, 32, 32, 3), dtype=torch.uint8)


def trained(**changes):
    net = network.EncoderNet(**{**SMALL, **changes})
    net.train()
    net(pictures())  # so that its normalisations know something
    return net.eval()


def test_vectors_have_length_one():
    assert torch.allclose(trained()(pictures()).norm(dim=1), torch.ones(16), atol=1e-5)


def test_a_net_that_has_grown_answers_as_before():
    plain, deeper = trained(), network.EncoderNet(**SMALL, blocks=(2, 3)).eval()
    seen = pictures()
    assert not torch.allclose(deeper(seen), plain(seen), atol=1e-3)
    resume.grown(deeper, plain)
    assert torch.allclose(deeper(seen), plain(seen), atol=1e-5)


def test_what_is_kept_learns_nothing_and_the_rest_does():
    net = trained()
    net.keep(1)
    before = {name: value.clone() for name, value in net.state_dict().items()}
    net.train()
    optimiser = torch.optim.SGD([one for one in net.parameters() if one.requires_grad], lr=0.1)
    net(pictures()).square().sum(dim=0).max().backward()
    optimiser.step()
    changed = {name for name, value in net.state_dict().items() if not torch.equal(value, before[name])}
    assert not any(name.startswith(("stem.", "stages.0.")) for name in changed)
    assert any(name.startswith("stages.1.") for name in changed)


def test_the_contrast_is_least_where_classes_stand_apart():
    classes = torch.tensor([0, 0, 1, 1])
    apart = torch.eye(2)[classes]
    mixed = torch.eye(2)[torch.tensor([0, 1, 0, 1])]
    together = torch.ones(4, 2) / 2**0.5
    losses = [float(network.alike_loss(each, classes, warmth=0.1)) for each in (apart, together, mixed)]
    assert all(one < other for one, other in pairwise(losses))
    alone = torch.cat([apart, torch.tensor([[0.6, 0.8]])])
    told = network.alike_loss(alone, torch.tensor([0, 0, 1, 1, 2]), warmth=0.1)
    assert torch.isfinite(told)


def test_the_margin_makes_the_own_class_harder_and_look_alikes_harder_still():
    vectors, classes = torch.eye(4)[:2], torch.tensor([0, 1])
    losses = []
    for hard, share in ((0.0, 0.0), (0.0, 1.0), (0.5, 1.0)):
        arc = network.ArcFace(vector=4, classes=3, scale=8.0, margin=0.5, hard=hard)
        with torch.no_grad():
            arc.centres.copy_(torch.tensor([[1.0, 0.2, 0, 0], [0.9, 0.5, 0, 0], [0, 0, 1.0, 0]]))
        losses.append(float(arc(vectors, classes, share)))
    assert all(one < other for one, other in pairwise(losses))
