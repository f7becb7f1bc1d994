"""The peer of benchmarks/training.py: PIL transforms, a DataLoader with two workers, float32."""

import torch
from PIL import Image
from torch.utils.data import DataLoader, Dataset
from torchvision import transforms


class Pictures(Dataset):
    """PIL images with their transforms."""

    def __init__(self, images, truth):
        self.images = [Image.fromarray(one) for one in images.numpy()]
        self.truth = truth.tolist()
        self.change = transforms.Compose(
            [
                transforms.RandomCrop(32, padding=4),
                transforms.RandomHorizontalFlip(),
                transforms.ToTensor(),
            ]
        )

    def __len__(self):
        return len(self.images)

    def __getitem__(self, item):
        return self.change(self.images[item]), self.truth[item]


class PlainLoop:
    """One network that is trained a step at a time, for ever. It normalises pixels itself."""

    def __init__(self, network, images, truth):
        self.network = network.train()
        self.loader = DataLoader(
            Pictures(images, truth), 128, shuffle=True, num_workers=2, drop_last=True,
            persistent_workers=True,
        )  # fmt: skip
        self.batches = iter(self.loader)
        self.optimizer = torch.optim.SGD(
            network.parameters(), 0.1, momentum=0.9, nesterov=True, weight_decay=1e-4
        )

    def step(self):
        """One batch, and the next epoch where one ends."""
        try:
            pixels, truth = next(self.batches)
        except StopIteration:
            self.batches = iter(self.loader)
            pixels, truth = next(self.batches)
        loss = torch.nn.functional.cross_entropy(self.network(pixels), truth)
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
        loss.item()
