"""What the tests of HTTP APIs have in common."""

from tests.services.apigateway.apis import EVENT, Apis


class HttpApis(Apis):
    def __init__(self, aws, endpoint):
        super().__init__(aws, endpoint)
        self.v2 = aws("apigatewayv2")

    def arn(self, source=EVENT, name="f"):
        """A function that API Gateway may invoke."""
        return self.function(source, name).partition("functions/")[2].removesuffix("/invocations")

    def http(self, *keys, source=EVENT, version="2.0", stage="$default", **options):
        """An API with a function behind these routes, which deploys by itself; its id."""
        api = self.v2.create_api(Name="shop", ProtocolType="HTTP", **options)["ApiId"]
        self.v2.create_stage(ApiId=api, StageName=stage, AutoDeploy=True)
        target = self.integrate(api, IntegrationUri=self.arn(source), PayloadFormatVersion=version)
        for key in keys:
            self.v2.create_route(ApiId=api, RouteKey=key, Target=target)
        return api

    def integrate(self, api, **options):
        options = {"IntegrationType": "AWS_PROXY", **options}
        return "integrations/" + self.v2.create_integration(ApiId=api, **options)["IntegrationId"]

    def manage(self, api, account=None):
        """A client of the connections of a WebSocket API."""
        place = f"{self.endpoint}/_aws/execute-api/{api}/prod"
        return self.aws("apigatewaymanagementapi", account=account, endpoint=place)
