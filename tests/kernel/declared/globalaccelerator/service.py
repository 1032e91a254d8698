from fogbank.kernel import Service

service = Service("globalaccelerator")

service.resource(
    "Accelerator",
    arn="arn:aws:globalaccelerator::{account}:accelerator/{uuid}",
    on_create=lambda ctx, record: {"DnsName": f"a{ctx.ids.hex(16)}.awsglobalaccelerator.com", "Status": "DEPLOYED"},
)
