from collections.abc import Iterator

import pytest

from pipeline.local_elasticsearch.cluster import ClusterPlan, LocalCluster


@pytest.fixture(scope="session")
def elasticsearch_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """One real node, shared by all tests of the session: each test takes index names of its own."""
    with LocalCluster(ClusterPlan(folder=tmp_path_factory.mktemp("elasticsearch"))) as cluster:
        yield cluster.urls[0]
