"""Every scheme signs as its owner's documentation does."""

from datetime import UTC, datetime

import pytest

from protocols.signing.acs3 import AlibabaKey, acs3, canonical_query
from protocols.signing.obs import authentication
from protocols.signing.sigv4 import AwsKey, sigv4
from protocols.signing.tc3 import TencentKey, tc3

AWS = AwsKey(id="AKIDEXAMPLE", secret="wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")
AT = datetime(2015, 8, 30, 12, 36, tzinfo=UTC)


@pytest.mark.parametrize(
    ("method", "signature"),
    [
        ("GET", "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"),
        ("POST", "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"),
    ],
)
def test_aws_get_vanilla_and_post_vanilla_of_the_test_suite(method: str, signature: str) -> None:
    headers = sigv4(
        AWS,
        method=method,
        host="example.amazonaws.com",
        path="/",
        body=b"",
        region="us-east-1",
        service="service",
        at=AT,
    )
    assert headers == {
        "x-amz-date": "20150830T123600Z",
        "authorization": "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, "
        f"SignedHeaders=host;x-amz-date, Signature={signature}",
    }


def test_aws_temporary_keys_and_other_headers_are_signed_too() -> None:
    key = AwsKey(id="AKIDEXAMPLE", secret="s", session_token="t0ken")
    headers = sigv4(
        key, method="POST", host="h", path="/", body=b"{}", region="r", service="ivs", at=AT,
        headers={"Content-Type": "application/json"},
    )  # fmt: skip
    assert headers["x-amz-security-token"] == "t0ken"
    assert headers["content-type"] == "application/json"
    assert "SignedHeaders=content-type;host;x-amz-date;x-amz-security-token" in headers["authorization"]
    assert "t0ken" not in repr(key)


def test_tencent_describe_instances_of_the_documentation() -> None:
    body = b'{"Limit": 1, "Filters": [{"Values": ["\\u672a\\u547d\\u540d"], "Name": "instance-name"}]}'
    key = TencentKey(id="AKID" + "*" * 32, secret="*" * 32)  # the documentation's own asterisks
    headers = tc3(
        key, host="cvm.tencentcloudapi.com", service="cvm", action="DescribeInstances", version="2017-03-12",
        body=body, at=1_551_113_065, region="ap-guangzhou",
    )  # fmt: skip
    assert headers["authorization"].endswith("10b1a37a7301a02ca19a647ad722d5e43b4b3cff309d421d85b46093f6ab6c4f")
    assert headers["authorization"].startswith(f"TC3-HMAC-SHA256 Credential={key.id}/2019-02-25/cvm/tc3_request, ")
    assert (headers["x-tc-region"], headers["x-tc-timestamp"]) == ("ap-guangzhou", "1551113065")
    assert "x-tc-region" not in tc3(key, host="h", service="live", action="A", version="v", body=b"", at=1)


def test_alibaba_run_instances_of_the_documentation() -> None:
    headers = acs3(
        AlibabaKey(id="YourAccessKeyId", secret="YourAccessKeySecret"),
        host="ecs.cn-shanghai.aliyuncs.com",
        action="RunInstances",
        version="2014-05-26",
        parameters={"RegionId": "cn-shanghai", "ImageId": "win2019_1809_x64_dtc_zh-cn_40G_alibase_20230811.vhd"},
        nonce="3156853299f313e23d1673dc12e1703d",
        at=datetime(2023, 10, 26, 10, 22, 32, tzinfo=UTC),
    )
    assert headers["authorization"] == (
        "ACS3-HMAC-SHA256 Credential=YourAccessKeyId,SignedHeaders=host;x-acs-action;x-acs-content-sha256;x-acs-date;"
        "x-acs-signature-nonce;x-acs-version,Signature=06563a9e1b43f5dfe96b81484da74bceab24a1d853912eee15083a6f0f3283c0"
    )


def test_alibaba_encodes_by_rfc_3986() -> None:
    assert canonical_query({"b": "a b*~/", "a": "主"}) == "a=%E4%B8%BB&b=a%20b%2A~%2F"


def test_obs_as_in_the_documentation() -> None:
    answer = authentication(
        "supersecretpassword",
        salt="lM1GncleQOaCu9lT1yeUZhFYnqhsLLP1G5lAGo3ixaI=",
        challenge="+IxH4CnCiqpX1rM9scsNynZzbOe4KhDeYcTNS3PDaeY=",
    )
    assert answer == "1Ct943GAT+6YQUUX47Ia/ncufilbe6+oD6lY+5kaCu4="
