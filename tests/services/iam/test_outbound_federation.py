"""Outbound identity federation."""


def test_an_account_keeps_its_issuer(iam):
    issuer = iam.enable_outbound_web_identity_federation()["IssuerIdentifier"]
    info = iam.get_outbound_web_identity_federation_info()
    assert (info["IssuerIdentifier"], info["JwtVendingEnabled"]) == (issuer, True)
    iam.disable_outbound_web_identity_federation()
    assert iam.enable_outbound_web_identity_federation()["IssuerIdentifier"] == issuer


def test_what_is_enabled_or_disabled_already_is_refused(iam, refused):
    with refused("FeatureDisabled"):
        iam.disable_outbound_web_identity_federation()
    with refused("FeatureDisabled"):
        iam.get_outbound_web_identity_federation_info()
    iam.enable_outbound_web_identity_federation()
    with refused("FeatureEnabled"):
        iam.enable_outbound_web_identity_federation()
